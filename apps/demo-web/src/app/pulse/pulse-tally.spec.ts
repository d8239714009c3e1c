import type { Pulse } from 'demo-contract';
import { PulseTally } from './pulse-tally';

const startMs = Date.parse('2026-11-26T10:00:00Z');
const pulse = (seq: number, run = 'a'): Pulse => ({ run, seq, at: new Date(startMs + seq * 50).toISOString() });
/** Receives numbers as they are published. */
function tallyOf(...seqs: readonly number[]): PulseTally {
  const tally = new PulseTally();
  for (const seq of seqs) tally.add(pulse(seq), startMs + seq * 50 + 5);
  return tally;
}

describe('the proof counter', () => {
  it('counts from the first event that arrives, and not from number one', () => {
    expect(tallyOf(101, 102, 103).figures(startMs + 103 * 50 + 5)).toEqual({
      sent: 3,
      received: 3,
      lost: 0,
      duplicated: 0,
      missing: 0,
      recovered: 0,
      longestPauseMs: 50,
    });
  });

  it('calls an event lost once a later one has arrived, and no longer if it arrives after all', () => {
    const tally = tallyOf(1, 2, 5);
    expect(tally.figures(startMs)).toMatchObject({ sent: 5, received: 3, lost: 2, missing: 0 });
    tally.add(pulse(3), startMs + 255);
    expect(tally.figures(startMs)).toMatchObject({ sent: 5, received: 4, lost: 1, duplicated: 0 });
  });

  it('counts an event that arrives twice, and does not count it as received', () => {
    expect(tallyOf(1, 2, 2, 3, 1).figures(startMs)).toMatchObject({ sent: 3, received: 3, lost: 0, duplicated: 2 });
  });

  it('takes the API’s word for what was sent: the rest is missing until a connection brings it', () => {
    const tally = tallyOf(1, 2);
    tally.report({ run: 'a', published: 32 });
    tally.report({ run: 'of another API', published: 9_000 });
    expect(tally.figures(startMs)).toMatchObject({ sent: 32, received: 2, lost: 0, missing: 30 });
    expect(tally.missingAtMs(startMs + 32 * 50 + 10)).toHaveLength(30);
    for (let seq = 3; seq <= 32; seq += 1) {
      expect(tally.add(pulse(seq), startMs + 32 * 50 + 5)).toBe(seq < 25 ? 'recovered' : 'live');
    }
    expect(tally.figures(startMs)).toMatchObject({ sent: 32, received: 32, missing: 0, recovered: 22 });
    expect(tally.missingAtMs(startMs + 99_999)).toEqual([]);
  });

  it('adds up the runs of an API that was killed', () => {
    const tally = tallyOf(7, 8);
    tally.add(pulse(1, 'b'), startMs + 500);
    tally.add(pulse(3, 'b'), startMs + 600);
    expect(tally.figures(startMs)).toMatchObject({ sent: 5, received: 4, lost: 1 });
  });

  it('measures the longest pause, the one that lasts still included', () => {
    const tally = tallyOf(1, 2, 42, 43);
    const lastMs = startMs + 43 * 50 + 5;
    expect(tally.figures(lastMs).longestPauseMs).toBe(2_000);
    expect(tally.figures(lastMs + 7_000).longestPauseMs).toBe(7_000);
  });
});
