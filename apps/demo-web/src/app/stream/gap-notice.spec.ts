import { TestBed } from '@angular/core/testing';
import type { GapReason } from '@sillage/client';
import { GapNotice } from './gap-notice';

describe('the notice of a gap', () => {
  const show = (reason: GapReason) => {
    const fixture = TestBed.createComponent(GapNotice);
    fixture.componentRef.setInput('reason', reason);
    fixture.detectChanges();
    return { fixture, host: fixture.nativeElement as HTMLElement };
  };

  it.each<[GapReason, string]>([
    ['epoch', "Some events were lost: the server's history began anew (epoch)."],
    ['trimmed', 'Some events were lost: the server no longer holds them (trimmed).'],
    ['unknown', 'Some events may have been lost: the server does not know the place to resume from (unknown).'],
  ])('says why events were lost: %s', (reason, sentence) => {
    const { host } = show(reason);
    expect(host.querySelector('p')?.textContent).toBe(sentence);
    expect(host.getAttribute('data-gap')).toBe(reason);
    expect(host.getAttribute('role')).toBe('alert');
  });

  it('can be dismissed', () => {
    const { fixture, host } = show('epoch');
    let dismissed = 0;
    fixture.componentInstance.dismissed.subscribe(() => (dismissed += 1));
    host.querySelector('button')?.click();
    expect(dismissed).toBe(1);
  });
});
