import type { WebConfig } from 'demo-contract';

/** A page, as the navigation and the home show it. */
interface Page {
  readonly path: string;
  readonly name: string;
  readonly what: string;
}

interface PageGroup {
  readonly name: string;
  readonly pages: readonly Page[];
  /** Whether it exists with the emulator only. */
  readonly needs?: 'emulator';
}

/** The pages of a provider of identities, ordered by what to try first. */
export function pageGroupsOf({ identityProvider }: Pick<WebConfig, 'identityProvider'>): readonly PageGroup[] {
  return pageGroups.filter(({ needs = identityProvider }) => needs === identityProvider);
}

/** Every page that has a stream. */
const pageGroups: readonly PageGroup[] = [
  {
    name: $localize`:@@nav.proof:Put it to the test`,
    needs: 'emulator',
    pages: [
      {
        path: '/chaos',
        name: $localize`:@@nav.chaos:Chaos panel`,
        what: $localize`:@@nav.chaos.what:Cut the connection, restart the API, rotate the keys, and count what is lost.`,
      },
      {
        path: '/race',
        name: $localize`:@@nav.race:The race`,
        what: $localize`:@@nav.race.what:EventSource, fetch-event-source and Sillage on one stream, under the same faults.`,
      },
    ],
  },
  {
    name: $localize`:@@nav.messages:Messages`,
    pages: [
      {
        path: '/notifications',
        name: $localize`:@@nav.notifications:Notifications`,
        what: $localize`:@@nav.notifications.what:Tell somebody something. It is on their page at once, and on nobody else’s.`,
      },
      {
        path: '/chat',
        name: $localize`:@@nav.chat:Chat`,
        what: $localize`:@@nav.chat.what:A session to talk in: what was said before, then what is said now, with nothing lost between.`,
      },
      {
        path: '/events',
        name: $localize`:@@nav.events:Events`,
        what: $localize`:@@nav.events.what:Four types of events on one stream, and a list that shows the types you ask for.`,
      },
      {
        path: '/assistant',
        name: $localize`:@@nav.assistant:Assistant`,
        what: $localize`:@@nav.assistant.what:A question by POST, an answer that streams in token by token and completes.`,
      },
    ],
  },
  {
    name: $localize`:@@nav.live:Live data`,
    pages: [
      {
        path: '/dashboard',
        name: $localize`:@@nav.dashboard:Dashboard`,
        what: $localize`:@@nav.dashboard.what:What the API’s process and its machine do, and how the API is used, second by second.`,
      },
      {
        path: '/stocks',
        name: $localize`:@@nav.stocks:Stock prices`,
        what: $localize`:@@nav.stocks.what:The prices of the symbols that you choose, as they change.`,
      },
      {
        path: '/devices',
        name: $localize`:@@nav.devices:Devices`,
        what: $localize`:@@nav.devices.what:What devices measure, as they say it over MQTT.`,
      },
    ],
  },
  {
    name: $localize`:@@nav.together:Work together`,
    pages: [
      {
        path: '/documents',
        name: $localize`:@@nav.documents:Documents`,
        what: $localize`:@@nav.documents.what:Write a text with others at the same time, and see where they are in it.`,
      },
      {
        path: '/game',
        name: $localize`:@@nav.game:Game`,
        what: $localize`:@@nav.game.what:Noughts and crosses for two. The server is the referee, and anybody may watch.`,
      },
    ],
  },
  {
    name: $localize`:@@nav.operations:Operations`,
    pages: [
      {
        path: '/tasks',
        name: $localize`:@@nav.tasks:Imports`,
        what: $localize`:@@nav.tasks.what:Import a CSV file of any size, and follow it row by row, to its end or to the line that is wrong.`,
      },
      {
        path: '/logs',
        name: $localize`:@@nav.logs:Logs`,
        what: $localize`:@@nav.logs.what:The API’s own logs as they are written, for those who may read them.`,
      },
      {
        path: '/health',
        name: $localize`:@@nav.health:Server health`,
        what: $localize`:@@nav.health.what:Whether the API keeps up: its event loop, its memory, its sessions and its log.`,
      },
      {
        path: '/transports',
        name: $localize`:@@nav.transports:Carrying the token`,
        what: $localize`:@@nav.transports.what:Header, ticket or URL: three ways to carry the token, and what each leaves behind.`,
      },
    ],
  },
];
