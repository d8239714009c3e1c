import type { StreamState } from '@sillage/angular';
import type { ShowcaseApi } from '@app/api';
import type { Connect, LaneState } from './lane';

export function connectSillage(api: Pick<ShowcaseApi, 'stream'>): Connect {
  return (viewer, observer) => {
    const subscription = api
      .stream(viewer, { onState: (state) => observer.state(laneState(state)) })
      .subscribe({ next: (pulse) => observer.pulse(pulse), error: () => observer.state('ended') });
    return () => subscription.unsubscribe();
  };
}

function laneState({ status }: StreamState): LaneState {
  switch (status) {
    case 'idle':
    case 'connecting':
      return 'connecting';
    case 'open':
      return 'open';
    case 'closed':
      return 'ended';
    case 'waiting':
    case 'offline':
    case 'interaction-required':
      return 'waiting';
  }
}
