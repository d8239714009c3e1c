import type { StreamFault } from 'demo-contract';
import type { Response } from 'express';

/** The responses that are open, by their owner: a user, or an anonymous viewer. */
export interface OpenStreams {
  /** Remembers a response until it closes. */
  add(owner: string, response: Response): void;
  /** The number of open responses: of one owner, or of all. */
  count(owner?: string): number;
  /** Does it to the owner's streams. @returns the number of connections that will be cut. */
  cause(owner: string, fault: StreamFault): number;
  /** Whether a refusal was demanded for the owner's next request. Counts it down. */
  takeRefusal(owner: string): boolean;
}

/** How long half an event has to arrive. */
const arrivalMs = 100;
/** How many owners may have refusals ahead; the oldest goes first. */
const maxRefused = 100;

export function createOpenStreams(): OpenStreams {
  const byOwner = new Map<string, Set<Response>>();
  const refusals = new Map<string, number>();

  return {
    add(owner, response) {
      const responses = byOwner.get(owner) ?? new Set();
      byOwner.set(owner, responses.add(response));
      response.once('close', () => {
        responses.delete(response);
        if (responses.size === 0 && byOwner.get(owner) === responses) byOwner.delete(owner);
      });
    },
    count: (owner) =>
      owner === undefined
        ? [...byOwner.values()].reduce((total, { size }) => total + size, 0)
        : (byOwner.get(owner)?.size ?? 0),
    cause(owner, fault) {
      const responses = [...(byOwner.get(owner) ?? [])];
      if (fault.kind === 'refuse') {
        refusals.delete(owner);
        refusals.set(owner, fault.count);
        const [oldest] = refusals.keys();
        if (refusals.size > maxRefused && oldest !== undefined) refusals.delete(oldest);
      }
      for (const response of responses) cutInNextEvent(response);
      return responses.length;
    },
    takeRefusal(owner) {
      const left = refusals.get(owner) ?? 0;
      if (left <= 1) refusals.delete(owner);
      else refusals.set(owner, left - 1);
      return left > 0;
    },
  };
}

/**
 * The hardest place for a client: the `id:` line of an event has arrived, and its data has not. A client that moves its position when it reads the ID
 * loses this event.
 */
function cutInNextEvent(response: Response): void {
  response.write = (chunk: unknown): boolean => {
    const bytes =
      Buffer.isBuffer(chunk) || chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.from(String(chunk));
    const data = bytes.indexOf('data: ');
    // The prototype's method: this one cuts once.
    Reflect.deleteProperty(response, 'write');
    // Only an event is cut: a heartbeat has no middle.
    if (data === -1) {
      response.write(bytes);
      cutInNextEvent(response);
      return true;
    }
    response.write(bytes.subarray(0, data + 12));
    // The half has to arrive before the end does: browsers drop what they have not read of a broken response.
    response.write = () => false;
    setTimeout(() => response.socket?.destroy(), arrivalMs).unref();
    return false;
  };
}
