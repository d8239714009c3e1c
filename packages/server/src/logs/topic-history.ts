/** What a memory log remembers of one topic: which sequences it holds, and the last one that it removed. */
export interface TopicHistory {
  /** The last sequence of this topic that was trimmed; 0 if none was. */
  trimmedThrough: number;
  readonly size: number;
  push(sequence: number): void;
  /** Removes the oldest sequence. */
  shift(): void;
  /** At most `limit` sequences after the given one, oldest first. O(log n + limit). */
  after(sequence: number, limit: number): number[];
}

/** Removed entries are skipped, and dropped once they are half of the array: `Array.shift` would be O(n) for each event. */
const compactFrom = 64;

export function createTopicHistory(trimmedThrough: number): TopicHistory {
  let sequences: number[] = [];
  let head = 0;

  return {
    trimmedThrough,
    get size() {
      return sequences.length - head;
    },
    push(sequence) {
      sequences.push(sequence);
    },
    shift() {
      this.trimmedThrough = sequences[head] ?? this.trimmedThrough;
      head += 1;
      if (head >= compactFrom && head * 2 >= sequences.length) {
        sequences = sequences.slice(head);
        head = 0;
      }
    },
    after(sequence, limit) {
      let low = head;
      let high = sequences.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((sequences[middle] ?? Infinity) <= sequence) low = middle + 1;
        else high = middle;
      }
      return sequences.slice(low, low + limit);
    },
  };
}
