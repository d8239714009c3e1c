import type { AccessRequirements, Hub } from '@sillage/server';
import type { Person } from 'demo-contract';
import type { Config } from './config.ts';
import type { Endpoints } from './live/endpoints.ts';
import type { Listeners } from './live/listeners.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { Logging } from './logs/logging.ts';
import type { Inboxes } from './notifications/inbox.ts';
import type { Notify } from './notifications/notify.ts';
import type { People } from './people/people.ts';
import type { Guard } from './security/guard.ts';
import type { StepUp } from './security/step-up.ts';
import type { DiskSpace } from './store/disk-space.ts';
import type { Stores } from './store/stores.ts';

/** What every feature of the demo uses. Features declare streams and do not serve them: that is what the guarded table does. */
export interface DemoContext {
  readonly config: Config;
  /** For events that must not be lost. */
  readonly hub: Hub;
  /** For samples. */
  readonly live: LiveHub;
  /** For log lines: apart from the samples, which many lines would push out of their log. */
  readonly logLines: LiveHub;
  readonly endpoints: Endpoints;
  /** What a token needs for anything in this API. */
  readonly access: AccessRequirements;
  readonly guard: Guard;
  readonly stores: Stores;
  readonly disk: DiskSpace;
  readonly people: People;
  readonly stepUp: StepUp;
  readonly listeners: Listeners;
  readonly logging: Logging;
  readonly notify: Notify;
  readonly inboxes: Inboxes;
  /** Writes to the audit log who did what. */
  readonly audit: (who: Person, action: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Called when the API stops, the last one first. */
  readonly onClose: (close: () => void | Promise<void>) => void;
}
