import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Span } from '@opentelemetry/api';
import type { Hub, PublishOptions, TopicEvent } from '../hub/index.ts';
import type { OutgoingEvent, StoredBatch } from '../events/index.ts';

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
      'sillage.event.type': event.type ?? 'message',
      'sillage.transactional': options !== undefined,
    };
    return spanned(attributes, async (span) => {
      if (options !== undefined) {
        await hub.publish(topic, event, options);
        return;
      }
      const id = await hub.publish(topic, event);
      span.setAttribute('messaging.message.id', id);
      return id;
    });
  }

  function publishOnce(key: string, events: readonly TopicEvent[]): Promise<StoredBatch> {
    const attributes = { 'messaging.batch.message_count': events.length };
    return spanned(attributes, async (span) => {
      const stored = await hub.publishOnce(key, events);
      span.setAttribute('sillage.repeat', stored.isRepeat);
      return stored;
    });
  }

  function spanned<T>(attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
    const common = { 'messaging.system': 'sillage', 'messaging.operation.type': 'send' };
    const options = { kind: SpanKind.PRODUCER, attributes: { ...common, ...attributes } };
    return tracer.startActiveSpan('sillage publish', options, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  return Object.defineProperties(Object.create(hub) as Hub<Transaction>, {
    publish: { value: publish },
    publishOnce: { value: publishOnce },
  });
}
