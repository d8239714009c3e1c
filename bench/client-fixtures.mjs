// Prevents: two benchmarks that measure different streams. The events are made from a seed, so every contender and every run reads the same
// bytes, and `check` fails if one of them is lost or changed.

/** The cases: the size of one event's JSON, the size of a chunk, and how much is read in one measurement. */
export const cases = [30, 100, 10_240, 1_048_576].flatMap((eventBytes) =>
  [65_536, 16_384, 16].map((chunkBytes) => ({
    eventBytes,
    chunkBytes,
    totalBytes: chunkBytes === 16 ? 1_200_000 : eventBytes < 1_000 ? 8_000_000 : 48_000_000,
  })),
);

/** A small generator of pseudo-random numbers (mulberry32): the same seed gives the same numbers. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Makes the chunks of one case, with IDs as a Sillage server sends them. */
export function createFixture({ eventBytes, chunkBytes, totalBytes }) {
  const random = seeded(eventBytes);
  const count = Math.max(1, Math.round(totalBytes / eventBytes));
  const letters = 'abcdefghijklmnopqrstuvwxyz ';
  const events = [];
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    const n = Math.floor(random() * 10);
    sum += n;
    const frame = JSON.stringify({ n, text: '' }).length;
    let text = '';
    while (text.length < Math.max(1, eventBytes - frame)) {
      text += text.length > 64 ? text.slice(0, eventBytes - frame - text.length) : letters[Math.floor(random() * 27)];
    }
    events.push(`id: 7f3a-${index + 1}\ndata: ${JSON.stringify({ n, text })}\n\n`);
  }
  const bytes = new TextEncoder().encode(events.join(''));
  const chunks = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  return { chunks, count, sum, bytes: bytes.length };
}

/** A body that gives the chunks when they are read. */
export function bodyOf({ chunks }) {
  let next = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        if (next < chunks.length) controller.enqueue(chunks[next++]);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A response with that body. */
export function responseOf(fixture) {
  return new Response(bodyOf(fixture), { headers: { 'Content-Type': 'text/event-stream' } });
}

/** Counts the events of one run, and ends it after the last one. */
export function createCounter({ count, sum }) {
  const { promise, resolve, reject } = Promise.withResolvers();
  let seen = 0;
  let total = 0;
  return {
    done: promise,
    fail: reject,
    /** Takes the parsed data of one event. */
    take(data) {
      seen += 1;
      total += data.n;
      if (seen < count) return;
      if (total === sum) resolve();
      else reject(new Error(`The events add up to ${total} instead of ${sum}.`));
    },
  };
}
