/** Where she reads and answers. */
export const colleaguesChat = 'lobby';

/** A colleague that a demo simulates, so that a visitor who is alone has somebody to talk to. */
export interface Colleague {
  greet(): void;
  /** Answers soon, at most one message at a time. */
  hear(text: string): void;
  leave(): void;
}

export interface ColleagueOptions {
  readonly say: (text: string) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

const thinkMs = 1_500;

const lines = {
  en: [
    'I am a simulated colleague: a few fixed sentences, and no model behind them. But my messages are real events.',
    'Cut your connection on the chaos panel while I write: you get what I say all the same, once.',
    'Open this chat in a second window, as Bob. Both windows get the same messages in the same order.',
    'Write @ and a name: the one you mention gets a notification, on whatever page they are.',
  ],
  fr: [
    'Je suis une collègue simulée : quelques phrases toutes faites, sans modèle derrière. Mais mes messages sont de vrais événements.',
    'Coupez la liaison depuis le panneau du chaos pendant que j’écris : vous recevrez tout de même mon message, une seule fois.',
    'Ouvrez ce chat dans une seconde fenêtre, comme Bob. Les deux reçoivent les mêmes messages dans le même ordre.',
    'Écrivez @ et un nom : la personne mentionnée reçoit une notification, où qu’elle soit.',
  ],
} as const;
const french = /[éèàçùêô]|\b(?:bonjour|salut|merci|je|tu|vous|est|une?|les|des|pourquoi|comment)\b/i;

export function createColleague({ say, onError }: ColleagueOptions): Colleague {
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const soon = (text: string): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      say(text).catch(onError);
    }, thinkMs);
  };
  return {
    greet: () => soon('Hello! Bonjour ! Write something, and I answer. Écrivez-moi, et je réponds.'),
    hear(text) {
      const known = lines[french.test(text) ? 'fr' : 'en'];
      soon(known[next % known.length] ?? '');
      next += 1;
    },
    leave: () => clearTimeout(timer),
  };
}
