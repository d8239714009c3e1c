import { makeEnvironmentProviders, type EnvironmentProviders } from '@angular/core';
import { SSE_TRANSPORT } from '@sillage/angular';
import { SseTestingController } from './sse-testing-controller';

/**
 * Lets a test play the server of all streams, by {@link SseTestingController}. The client itself is the real one: tokens, interceptors, reconnection,
 * decoding and gaps are as in production. Add it beside `provideSse()`, as `provideHttpClientTesting()` beside `provideHttpClient()`.
 *
 * @usageNotes
 * ```ts
 * TestBed.configureTestingModule({ providers: [provideSse(withBaseUrl('/api')), provideSseTesting()] });
 * const server = TestBed.inject(SseTestingController);
 * const fixture = TestBed.createComponent(Orders);
 * const stream = await server.expectOne('/api/orders');
 * await stream.emit({ id: 1 });
 * server.verify();
 * ```
 */
export function provideSseTesting(): EnvironmentProviders {
  return makeEnvironmentProviders([
    SseTestingController,
    {
      provide: SSE_TRANSPORT,
      useFactory: (controller: SseTestingController) => controller.transport,
      deps: [SseTestingController],
    },
  ]);
}
