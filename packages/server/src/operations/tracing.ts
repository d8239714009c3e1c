import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Hub, PublishOptions } from '../hub/index.ts';
import type { OutgoingEvent } from '../events/index.ts';

/**
 * Makes a hub whose publications are spans, if the application has registered a tracer provider; otherwise it costs next to nothing. Spans have the
 * event's type and ID (the attributes of OpenTelemetry's messaging conventions), and neither its topic nor its data, which may name users.
 *
 * @example const hub = traceHub(createHub({ log }));
 */
export function traceHub<Transaction>(hub: Hub<Transaction>): Hub<Transaction> {
  const tracer = trace.getTracer('@sillage/server');

  function publish(topic: string, event: OutgoingEvent): Promise<string>;
  function publish(topic: string, event: OutgoingEvent, options: PublishOptions<Transaction>): Promise<undefined>;
  function publish(
    topic: string,
    event: OutgoingEvent,
    options?: PublishOptions<Transaction>,
  ): Promise<string | undefined> {
    const attributes = {
      'messaging.system': 'sillage',
      'messaging.operation.type': 'send',
      'sillage.event.type': event.type ?? 'message',
      'sillage.transactional': options !== undefined,
    };
    return tracer.startActiveSpan('sillage publish', { kind: SpanKind.PRODUCER, attributes }, async (span) => {
      try {
        if (options !== undefined) {
          await hub.publish(topic, event, options);
          return;
        }
        const id = await hub.publish(topic, event);
        span.setAttribute('messaging.message.id', id);
        return id;
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  return Object.defineProperty(Object.create(hub) as Hub<Transaction>, 'publish', { value: publish });
}
