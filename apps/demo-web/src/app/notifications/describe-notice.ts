import type { Notice } from 'demo-contract';
import { describeTask } from '@app/tasks/describe-task';

/** A notice in the page's language, where it says what it is about; else in the words of whoever sent it. */
export function describeNotice(notice: Notice, locale: string): { readonly title: string; readonly message: string } {
  const { title, message, about } = notice;
  // One of a newer API's has its own words too.
  if (about?.kind !== 'import-ended') return { title, message };
  const sentence = describeTask({ ...about, secondsLeft: null }, locale);
  return {
    title:
      about.status === 'completed'
        ? $localize`:@@notifications.import-completed:Your import is done`
        : $localize`:@@notifications.import-failed:Your import has failed`,
    message: $localize`:@@notifications.import-message:${about.name}:name:: ${sentence}:sentence:`,
  };
}
