export interface ParsedEvent {
  id?: string;
  type?: string;
  data?: string;
  retry?: string;
}

/** Reads blocks as WHATWG HTML 9.2.6 says, without their comments. A second implementation, so that the encoder does not test itself. */
export function parseEventStream(text: string): ParsedEvent[] {
  return text
    .replaceAll(/^:.*\n/gm, '')
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
        else throw new Error(`There is a field that nobody wrote: ${line}`);
      }
      return event;
    });
}
