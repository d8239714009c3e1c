import { createClient } from '@redis/client';
import type { RedisClientOptions, RedisClientType } from '@redis/client';
import { SillageServerError } from '../../core/index.ts';
import type { RedisKeys, RedisScript } from './scripts.ts';

export type RedisReply = string | number | null | RedisReply[];

/** A connection that replaces itself for as long as it is open. */
export interface RedisConnection {
  /** Rejects at once where the connection is lost, and after a while where nothing answers. */
  send(command: readonly string[]): Promise<RedisReply>;
  /** Runs a script on the log's keys, and more of the same slot. */
  run(script: RedisScript, values: readonly string[], moreKeys?: readonly string[]): Promise<RedisReply>;
  close(): void;
}

/** A command that has no answer for this long has lost its connection without being told. */
const socketTimeoutMs = 3_000;
const connectTimeoutMs = 3_000;
const maxRetryMs = 1_000;

export async function openRedis(
  options: RedisClientOptions,
  keys: RedisKeys,
  onError: (error: unknown) => void,
): Promise<RedisConnection> {
  const client = createClient({
    ...options,
    // A command of a lost connection is not sent on the next one behind our back: its outcome is unknown.
    disableOfflineQueue: true,
    socket: {
      ...options.socket,
      connectTimeout: connectTimeoutMs,
      socketTimeout: socketTimeoutMs,
      // The library's own strategy gives up after a socket timeout.
      reconnectStrategy: (retries: number) => Math.min(50 * 2 ** retries, maxRetryMs) * (0.5 + 0.5 * Math.random()),
    },
  }) as RedisClientType;
  await connectOnce(client);
  client.on('error', onError);
  const keyList = Object.values(keys) as string[];

  async function send(command: readonly string[]): Promise<RedisReply> {
    return (await client.sendCommand([...command])) as unknown as RedisReply;
  }

  return {
    send,
    async run({ sha, source }, values, moreKeys = []) {
      const tail = [String(keyList.length + moreKeys.length), ...keyList, ...moreKeys, ...values];
      try {
        return await send(['EVALSHA', sha, ...tail]);
      } catch (error) {
        // The server was restarted, or its scripts were flushed.
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return send(['EVAL', source, ...tail]);
      }
    },
    close() {
      client.destroy();
    },
  };
}

/** The first connection is not tried again and again: a wrong address has to be reported. */
async function connectOnce(client: RedisClientType): Promise<void> {
  let fail: (cause: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  client.on('error', fail);
  try {
    await Promise.race([client.connect(), failed]);
  } catch (cause) {
    client.destroy();
    const { message = '', code = '' } = cause as { message?: string; code?: string };
    const reason = message || code;
    throw new SillageServerError('log-unavailable', `Redis cannot be reached (${reason}). Check its address.`, {
      cause,
    });
  } finally {
    client.off('error', fail);
  }
}
