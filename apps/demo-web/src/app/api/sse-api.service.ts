import { Injectable } from '@angular/core';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type {
  AnalyticsPoint,
  BrokerStatus,
  ChatMessage,
  ChatPrompt,
  DataPoint,
  DeviceReading,
  DocumentEvent,
  GameState,
  LogLine,
  Notice,
  ServerHealth,
  StockPrice,
  TaskProgress,
} from 'demo-contract';
import { defer, tap, type Observable } from 'rxjs';

/**
 * The twelve streams of the API. All of them reconnect and resume by themselves; `config` tells more of each, such as its state and
 * its gaps.
 */
@Injectable({ providedIn: 'root' })
export class SseApiService extends BaseMsalApiService {
  /**
   * An answer, token by token. Completes with it; unsubscribing ends it on the server too.
   *
   * @param unfinished the ID of an answer that was begun, to go on with. Default: each subscription begins one.
   */
  streamChatCompletion(
    prompt: string,
    conversationId?: string,
    config: MsalApiConfig = {},
    unfinished?: string,
  ): Observable<string> {
    return defer(() => {
      const answerId = unfinished ?? crypto.randomUUID();
      const body: ChatPrompt = { prompt, answerId, ...(conversationId === undefined ? {} : { conversationId }) };
      return this.postSSE<string>('chat/completions/stream', body, { ...config, reconnect: repeating(config) }).pipe(
        tap({ unsubscribe: () => this.#endAnswer(answerId) }),
      );
    });
  }

  /** Without it, the API would take a reader who has left for one who comes back. */
  #endAnswer(answerId: string): void {
    this.delete(`chat/completions/${answerId}`).subscribe({
      // It was at its end; or the API is away, and makes none.
      error: () => undefined,
    });
  }

  /** What people say in a session from now on. */
  connectToChatStream(sessionId: string, config?: MsalApiConfig): Observable<ChatMessage> {
    return this.connectSSE<ChatMessage>(`chat/stream/${encodeURIComponent(sessionId)}`, config);
  }

  /** The notices sent to whoever is signed in. */
  connectToNotifications(config?: MsalApiConfig): Observable<Notice> {
    return this.connectSSE<Notice>('notifications/stream', config);
  }

  /** The numbers of the API's `process` or of its `machine`. */
  connectToDataStream<T = DataPoint>(dataType: string, config?: MsalApiConfig): Observable<T> {
    return this.connectSSE<T>(`data/stream/${encodeURIComponent(dataType)}`, config);
  }

  /** How the API is used: `users`, `streams`, `events`, `requests` or `errors`. */
  streamAnalytics(metricType: string, config?: MsalApiConfig): Observable<AnalyticsPoint> {
    return this.connectSSE<AnalyticsPoint>(`analytics/stream/${encodeURIComponent(metricType)}`, config);
  }

  /** @param symbols at most ten. */
  streamStockPrices(symbols: readonly string[], config?: MsalApiConfig): Observable<StockPrice> {
    return this.connectSSE<StockPrice>(`stocks/stream?symbols=${encodeURIComponent(symbols.join(','))}`, config);
  }

  /** How far a task is. Completes with it. */
  trackProgress(taskId: string, config?: MsalApiConfig): Observable<TaskProgress> {
    return this.connectSSE<TaskProgress>(`tasks/stream/${encodeURIComponent(taskId)}`, config);
  }

  /**
   * The API's own logs, `app`, `access` or `audit`: only for the role `Stream.Admin`.
   *
   * @param level the least that is sent. Default: everything.
   */
  streamLogs(logType: string, level?: string, config?: MsalApiConfig): Observable<LogLine> {
    const query = level === undefined ? '' : `?level=${encodeURIComponent(level)}`;
    return this.connectSSE<LogLine>(`logs/stream/${encodeURIComponent(logType)}${query}`, config);
  }

  /** A document as it is, then what others do to it. */
  connectToCollaborativeEditing(documentId: string, config?: MsalApiConfig): Observable<DocumentEvent> {
    return this.connectSSE<DocumentEvent>(`documents/stream/${encodeURIComponent(documentId)}`, config);
  }

  /** The whole state of a game, after each move. */
  streamGameEvents(gameId: string, config?: MsalApiConfig): Observable<GameState> {
    return this.connectSSE<GameState>(`games/stream/${encodeURIComponent(gameId)}`, config);
  }

  /** What a device measures, and whether the broker that it speaks through can be reached. */
  streamIoTDeviceData(deviceId: string, config?: MsalApiConfig): Observable<DeviceReading | BrokerStatus> {
    return this.connectSSE<DeviceReading | BrokerStatus>(`iot/stream/${encodeURIComponent(deviceId)}`, config);
  }

  /** How the API does, every two seconds. */
  monitorServerHealth(config?: MsalApiConfig): Observable<ServerHealth> {
    return this.connectSSE<ServerHealth>('health/stream', config);
  }
}

/** The same question again is the same answer, which goes on where it was: it may be sent again. */
function repeating({ reconnect }: MsalApiConfig): MsalApiConfig['reconnect'] & {} {
  return reconnect === 'never' ? reconnect : { ...reconnect, unsafeMethods: 'repeat' };
}
