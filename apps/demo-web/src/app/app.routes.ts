import type { Routes } from '@angular/router';

export const routes: Routes = [
  { path: '', pathMatch: 'full', title: 'Sillage', loadComponent: async () => (await import('./home/home')).Home },
  {
    path: 'notifications',
    title: 'Notifications – Sillage',
    loadComponent: async () => (await import('./notifications/notifications')).Notifications,
  },
  { path: 'chat', pathMatch: 'full', redirectTo: 'chat/lobby' },
  {
    path: 'chat/:sessionId',
    title: 'Chat – Sillage',
    loadComponent: async () => (await import('./chat/chat')).Chat,
  },
  { path: 'events', title: 'Events – Sillage', loadComponent: async () => (await import('./events/events')).Events },
  {
    path: 'assistant',
    title: 'Assistant – Sillage',
    loadComponent: async () => (await import('./assistant/assistant')).Assistant,
  },
  { path: '**', redirectTo: '' },
];
