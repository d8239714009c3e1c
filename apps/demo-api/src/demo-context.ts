import type { AccessRequirements, Hub, StreamEndpoint, TokenVerifier } from '@sillage/server';
import type { Person } from 'demo-contract';
import type { Config } from './config.ts';
import type { Listeners } from './live/listeners.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { Logging } from './logs/logging.ts';
import type { Notify } from './notifications/notify.ts';
import type { People } from './people/people.ts';
import type { Guard } from './security/guard.ts';
import type { StepUp } from './security/step-up.ts';
import type { Stores } from './store/stores.ts';

/** What every feature of the demo builds on. */
export interface DemoContext {
  readonly config: Config;
  /** For what must not be lost. */
  readonly hub: Hub;
  /** For samples. */
  readonly live: LiveHub;
  readonly endpoint: StreamEndpoint;
  readonly verifier: TokenVerifier;
  /** What a token needs for any of this API. */
  readonly access: AccessRequirements;
  readonly guard: Guard;
  readonly stores: Stores;
  readonly people: People;
  readonly stepUp: StepUp;
  readonly listeners: Listeners;
  readonly logging: Logging;
  readonly notify: Notify;
  /** Notes who did what. */
  readonly audit: (who: Person, action: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Called when the API stops, the last one first. */
  readonly onClose: (close: () => void | Promise<void>) => void;
}
