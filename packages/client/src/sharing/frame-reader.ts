/** What a multiplexed response contains, in order (PROTOCOL 10.3, 10.4). */
export interface FrameSink {
  /** The response of a stream begins. */
  head(key: string, status: number, headers: Readonly<Record<string, string>>): void;
  /** Bytes of a stream. `'more'` if the part continues: an event may be cut here. */
  part(key: string, bytes: Uint8Array, follows: 'more' | 'nothing'): void;
  /** The response of a stream has ended. */
  end(key: string): void;
  /** The server asks to continue on another connection. */
  rotate(withinMs: number): void;
}

/** The longest line between two parts, in bytes: a head with its headers. */
const maxLineBytes = 262_144;
const lineFeed = 10;

/** Takes a multiplexed response apart. The bytes of streams are passed on as they are, and not looked at. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #decoder = new TextDecoder();
  /** The part that is being read, and how many of its bytes are still to come. */
  #key = '';
  #left = 0;
  #line: Uint8Array[] = [];
  #lineBytes = 0;
  #type = '';
  #data = '';

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws {TypeError} for bytes that are not a multiplexed response. */
  feed(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength;) {
      if (this.#left > 0) {
        const part = chunk.subarray(at, at + this.#left);
        this.#left -= part.byteLength;
        at += part.byteLength;
        this.#sink.part(this.#key, part, this.#left > 0 ? 'more' : 'nothing');
        continue;
      }
      const end = chunk.indexOf(lineFeed, at);
      const piece = chunk.subarray(at, end === -1 ? chunk.byteLength : end);
      this.#line.push(piece);
      this.#lineBytes += piece.byteLength;
      if (this.#lineBytes > maxLineBytes) throw new TypeError('A line of the multiplexed response is too long.');
      if (end === -1) return;
      at = end + 1;
      this.#takeLine();
    }
  }

  #takeLine(): void {
    let line = '';
    for (const piece of this.#line) line += this.#decoder.decode(piece, { stream: true });
    line += this.#decoder.decode();
    this.#line = [];
    this.#lineBytes = 0;
    if (line.startsWith('event: ')) this.#type = line.slice(7);
    else if (line.startsWith('data: ')) this.#data = line.slice(6);
    else if (line === '') {
      const [type, data] = [this.#type, this.#data];
      this.#type = this.#data = '';
      this.#takeBlock(type, data);
    }
  }

  #takeBlock(type: string, data: string): void {
    switch (type) {
      case 'part': {
        const [key = '', length] = data.split(' ');
        this.#key = key;
        this.#left = Number(length);
        if (!Number.isSafeInteger(this.#left) || this.#left < 0)
          throw new TypeError(`A part of the response has the length ${length}.`);
        return;
      }
      case 'head': {
        const { key, status, headers } = JSON.parse(data) as {
          key: string;
          status: number;
          headers: Record<string, string>;
        };
        this.#sink.head(key, status, headers);
        return;
      }
      case 'end':
        this.#sink.end(data);
        return;
      case 'rotate': {
        const { withinMs } = JSON.parse(data) as { withinMs?: unknown };
        if (typeof withinMs === 'number' && withinMs >= 0) this.#sink.rotate(withinMs);
      }
    }
  }
}
