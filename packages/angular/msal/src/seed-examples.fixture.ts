/* eslint-disable -- the seed's text as it stands, which this house's style is not to touch */
import { Component, inject, Injectable, type OnInit } from '@angular/core';
import { BaseMsalApiService } from './base-msal-api-service';

// The seed leaves these to the reader: the components' decorators, its payload's type, and what its dashboard does with an event.
interface Notification {
  title: string;
  message: string;
}

export interface DashboardComponent {
  handleChatMessage(data: unknown): void;
  handleNotification(data: unknown): void;
  updateStatus(data: unknown): void;
  refreshData(data: unknown): void;
}

// Example 1
@Injectable({ providedIn: 'root' })
export class ChatService extends BaseMsalApiService {
  streamChat(sessionId: string) {
    return this.connectSSE<string>(`chat/stream/${sessionId}`);
  }
}

@Component({ selector: 'app-chat', template: '' })
export class ChatComponent implements OnInit {
  private chatService = inject(ChatService);
  messages: string[] = [];

  ngOnInit() {
    this.chatService.streamChat('session-123').subscribe({
      next: (message) => {
        this.messages.push(message);
        console.log('New message:', message);
      },
      error: (error) => console.error('Stream error:', error),
      complete: () => console.log('Stream closed'),
    });
  }
}

// Example 2
@Injectable({ providedIn: 'root' })
export class NotificationStreamService extends BaseMsalApiService {
  connectToNotifications() {
    return this.connectSSE<Notification>('notifications/stream');
  }
}

@Component({ selector: 'app-root', template: '' })
export class AppComponent implements OnInit {
  private notificationStream = inject(NotificationStreamService);

  ngOnInit() {
    this.notificationStream.connectToNotifications().subscribe({
      next: (notification) => {
        this.showNotification(notification);
      },
    });
  }

  showNotification(notification: Notification) {
    // Afficher la notification à l'utilisateur
    console.log(notification.title, notification.message);
  }
}

// Example 3
@Injectable({ providedIn: 'root' })
export class EventStreamService extends BaseMsalApiService {
  connectToEvents() {
    return this.connectSSEWithEvents('events/stream', ['chat', 'notification', 'status', 'update']);
  }
}

@Component({ selector: 'app-dashboard', template: '' })
export class DashboardComponent implements OnInit {
  private eventStream = inject(EventStreamService);

  ngOnInit() {
    this.eventStream.connectToEvents().subscribe({
      next: ({ type, data }) => {
        switch (type) {
          case 'chat':
            this.handleChatMessage(data);
            break;
          case 'notification':
            this.handleNotification(data);
            break;
          case 'status':
            this.updateStatus(data);
            break;
          case 'update':
            this.refreshData(data);
            break;
        }
      },
    });
  }
}
