import { Subject } from 'rxjs';
import { fromBase64, toBase64 } from './base64';
import { DocumentText } from './document-text';
import { UpdateSender, type SavedState } from './update-sender';

describe('what a person writes', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  const open = () => {
    const sent: { readonly update: string; readonly answer: Subject<void> }[] = [];
    const states: SavedState[] = [];
    const kept: (string | null)[] = [];
    const user = { isSignedIn: true };
    const text: DocumentText = new DocumentText(() => sender.schedule());
    const sender = new UpdateSender({
      text,
      send: (update) => {
        const answer = new Subject<void>();
        sent.push({ update, answer });
        return answer;
      },
      onState: (state) => states.push(state),
      keep: (unsent) => kept.push(unsent),
      isWanted: () => user.isSignedIn,
    });
    const other = new DocumentText(() => undefined);
    return { text, sender, sent, states, kept, user, other };
  };

  it('is sent together, and once', () => {
    const { text, sent, states, other } = open();
    text.text.insert(0, 'Hello');
    text.text.insert(5, ' Bob');
    expect(sent).toHaveLength(0);
    vi.advanceTimersByTime(200);
    expect(sent).toHaveLength(1);
    sent[0]?.answer.complete();
    expect(states.at(-1)).toBe('saved');
    other.receive(sent[0]?.update ?? '');
    expect(other.text.toJSON()).toBe('Hello Bob');
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(1);
  });

  it('is kept where it did not arrive, and sent again with what was written since', () => {
    const { text, sent, states, other } = open();
    text.text.insert(0, 'lost?');
    vi.advanceTimersByTime(200);
    text.text.insert(5, ' No.');
    sent[0]?.answer.error(new Error('gone'));
    expect(states.at(-1)).toBe('failing');
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(2);
    sent[1]?.answer.complete();
    expect(states.at(-1)).toBe('saved');
    other.receive(sent[1]?.update ?? '');
    expect(other.text.toJSON()).toBe('lost? No.');
  });

  it('waits for no retry once the API can be reached', () => {
    const { text, sender, sent } = open();
    text.text.insert(0, 'a');
    vi.advanceTimersByTime(200);
    sent[0]?.answer.error(new Error('gone'));
    sender.flush();
    expect(sent).toHaveLength(2);
  });

  it('is one request at a time', () => {
    const { text, sender, sent } = open();
    text.text.insert(0, 'a');
    sender.flush();
    text.text.insert(1, 'b');
    vi.advanceTimersByTime(5_000);
    expect(sent).toHaveLength(1);
    sent[0]?.answer.complete();
    vi.advanceTimersByTime(200);
    expect(sent).toHaveLength(2);
  });

  it('is sent as the page is left, and again until it arrives', () => {
    const { text, sender, sent, other } = open();
    text.text.insert(0, 'last words');
    sender.close();
    text.destroy();
    sent[0]?.answer.error(new Error('gone'));
    vi.advanceTimersByTime(1_000);
    sent[1]?.answer.error(new Error('still gone'));
    vi.advanceTimersByTime(2_000);
    expect(sent).toHaveLength(3);
    sent[2]?.answer.complete();
    other.receive(sent[2]?.update ?? '');
    expect(other.text.toJSON()).toBe('last words');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not sent any more once its writer has left the page and signed out', () => {
    const { text, sender, sent, user } = open();
    text.text.insert(0, 'secret');
    sender.close();
    sent[0]?.answer.error(new Error('gone'));
    user.isSignedIn = false;
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is kept for a reload until it has arrived, what is on its way included', () => {
    const { text, sent, kept } = open();
    text.text.insert(0, 'one');
    vi.advanceTimersByTime(200);
    text.text.insert(3, ' two');
    const after = new DocumentText(() => undefined);
    after.adopt(fromBase64(kept.at(-1) ?? ''));
    expect(after.text.toJSON()).toBe('one two');
    expect(after.hasUnsent).toBe(true);
    sent[0]?.answer.complete();
    vi.advanceTimersByTime(200);
    sent[1]?.answer.complete();
    expect(kept.at(-1)).toBeNull();
  });

  it('of others is not sent back', () => {
    const { text, sender, sent, other } = open();
    other.text.insert(0, 'from Bob');
    text.receive(toBase64(other.take() ?? new Uint8Array()));
    sender.flush();
    vi.advanceTimersByTime(60_000);
    expect(text.text.toJSON()).toBe('from Bob');
    expect(sent).toHaveLength(0);
  });
});

describe('a place in a text', () => {
  it('stays with its letters', () => {
    const text = new DocumentText(() => undefined);
    text.text.insert(0, 'Bob');
    const place = text.placeOf(3);
    text.text.insert(0, 'Hello ');
    expect(text.indexOf(place)).toBe(9);
  });

  it('is nowhere where it is no place', () => {
    const text = new DocumentText(() => undefined);
    expect(text.indexOf('no JSON')).toBeNull();
    expect(text.indexOf('{"type":{"client":1,"clock":7}}')).toBeNull();
  });
});
