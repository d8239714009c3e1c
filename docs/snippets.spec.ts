import { beforeAll, describe, expect, it } from 'vitest';
import { compileBlocks, type CompiledBlocks } from './compile-blocks.ts';
import { blocksOf, documents, type Block } from './documents.ts';

const blocks = documents.flatMap(blocksOf);
const typescript = blocks.filter(({ language }) => language === 'ts');

describe('every block of TypeScript compiles against the packages as they are published', () => {
  let compiled: CompiledBlocks;
  beforeAll(() => {
    compiled = compileBlocks(typescript);
  });

  it.each(typescript)('$name', (block) => {
    expect(compiled.problems(block)).toEqual([]);
  });
});

describe('a block', () => {
  it.each(blocks)('$name says its language, and TypeScript by the name that is compiled', ({ language }) => {
    expect(['ts', 'html', 'js', 'json', 'nginx', 'python', 'sh', 'text']).toContain(language);
  });

  it('that does not compile is found, by its line, in code and in a template', () => {
    const broken = (line: number, given: string, code: string): Block => ({
      ...{ name: `broken.md:${line - 1}`, file: 'broken.md', language: 'ts' },
      ...{ line, given, code },
    });
    const inCode = broken(
      11,
      'declare const hub: Hub;\nimport type { Hub } from "@sillage/server";',
      'let fine = 1;\nhub.publsh("x");\n',
    );
    const inTemplate = broken(
      21,
      '',
      `import { Component } from '@angular/core';\n@Component({ selector: 'app-x', template: '{{ missing() }}' })\nexport class X {}\n`,
    );
    const { problems } = compileBlocks([inCode, inTemplate]);
    expect(problems(inCode)).toEqual([expect.stringMatching(/^broken\.md:12 .*publsh/)]);
    expect(problems(inTemplate)).toEqual([expect.stringMatching(/^broken\.md:22 .*missing/)]);
  });
});
