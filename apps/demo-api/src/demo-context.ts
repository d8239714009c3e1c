import type { AccessRequirements, Hub, StreamEndpoint } from '@sillage/server';
import type { People } from './people/people.ts';
import type { StepUp } from './security/step-up.ts';

/** What every feature of the demo builds on. */
export interface DemoContext {
  readonly hub: Hub;
  readonly endpoint: StreamEndpoint;
  /** What a token needs for any of this API. */
  readonly access: AccessRequirements;
  readonly people: People;
  readonly stepUp: StepUp;
}
