import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, in that order. */
const slowest = [
  'tokens.spec.ts',
  'restarts.spec.ts',
  'accessibility.spec.ts',
  'screen-reader.spec.ts',
  'keyboard.spec.ts',
];

/** Starts the slowest files first: the test that takes a minute by its nature would otherwise run alone at the end. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = slowest.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index === -1 ? slowest.length : index;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
