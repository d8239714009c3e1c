import { scenarios } from './scenarios.ts';
import { createWorld } from './world.ts';

/** Runs in the browser: the page's script. */
Object.assign(globalThis, {
  runScenario: async (name: string): Promise<void> => {
    const scenario = scenarios.find((candidate) => candidate.name === name);
    if (scenario === undefined) throw new Error(`There is no scenario "${name}".`);
    await scenario.run(createWorld(location.origin));
  },
});
