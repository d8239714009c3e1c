export interface ParsedEvent {
  id?: string;
  type?: string;
  data?: string;
  retry?: string;
  comment?: string;
}

/** Reads blocks as WHATWG HTML 9.2.6 has them, written anew so that the encoder is not tested by itself. */
export function parseEventStream(text: string): ParsedEvent[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const event: ParsedEvent = {};
      for (const line of block.split(/\r\n|\r|\n/)) {
        const [, field = '', value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
        if (field === 'id') event.id = value;
        else if (field === 'event') event.type = value;
        else if (field === 'retry') event.retry = value;
        else if (field === 'data') event.data = event.data === undefined ? value : `${event.data}\n${value}`;
        else if (field === '') event.comment = value;
        else throw new Error(`There is a field that nobody wrote: ${line}`);
      }
      return event;
    });
}
