import { LOCALE_ID, type Injector } from '@angular/core';
import { MatSnackBar, MatSnackBarConfig } from '@angular/material/snack-bar';
import type { Notice } from 'demo-contract';
import { describeNotice } from './describe-notice';

const toast = Object.assign(new MatSnackBarConfig(), { duration: 8_000 });

/** Says that a notice has arrived, while another page is open. */
export function showToast(injector: Injector, notice: Notice, onShow: () => void): void {
  const { title } = describeNotice(notice, injector.get(LOCALE_ID));
  const text = $localize`:@@notifications.toast:${notice.from.name}:name:: ${title}:title:`;
  const show = $localize`:@@notifications.show:Show`;
  injector.get(MatSnackBar).open(text, show, toast).onAction().subscribe(onShow);
}
