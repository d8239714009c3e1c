import type { ImportEnded, Notice } from 'demo-contract';
import { describeNotice } from './describe-notice';

describe('a notice in words', () => {
  const notice: Notice = {
    from: { id: 'sillage', name: 'Sillage', username: '' },
    title: 'A title',
    message: 'A message.',
    at: '2026-01-01T00:00:00.000Z',
  };

  it('is what was sent, where that is all', () => {
    expect(describeNotice(notice, 'en')).toEqual({ title: 'A title', message: 'A message.' });
  });

  it('is the page’s sentence for an import that has ended', () => {
    const about = { kind: 'import-ended', name: 'orders.csv', rows: 12_345 } as const;
    const describe = (more: Pick<ImportEnded, 'status' | 'failure'>): unknown =>
      describeNotice({ ...notice, about: { ...about, ...more } }, 'en');
    expect(describe({ status: 'completed', failure: null })).toEqual({
      title: 'Your import is done',
      message: 'orders.csv: All 12,345 rows are imported.',
    });
    expect(describe({ status: 'failed', failure: { code: 'unnamed-column', column: 2, line: 1, reason: '' } })).toEqual(
      {
        title: 'Your import has failed',
        message: 'orders.csv: Line 1 cannot be imported: column 2 has no name.',
      },
    );
  });
});
