import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileBlocks, type CompiledBlocks } from './compile-blocks.ts';
import { documentAt, root, sectionOf, tableRows } from './documents.ts';

describe('a table of names has every name there is, and no other', () => {
  let compiled: CompiledBlocks;
  const imported = {
    EventStreamOptions: '@sillage/client',
    ReconnectPolicy: '@sillage/client',
    StreamState: '@sillage/client',
    SseErrorCode: '@sillage/client',
    SseOptions: '@sillage/angular',
    MsalApiConfig: '@sillage/angular/msal',
    EventRefusedCode: '@sillage/server',
    StreamOptions: '@sillage/server',
    StreamEndpointOptions: '@sillage/server',
    EntraVerifierOptions: '@sillage/server',
    SqliteEventLogOptions: '@sillage/server/sqlite',
    PostgresEventLogOptions: '@sillage/server/postgres',
    RedisEventLogOptions: '@sillage/server/redis',
  } as const;
  type Name = keyof typeof imported;

  beforeAll(() => {
    const code = Object.entries(imported)
      .map(([name, module]) => `import type { ${name} } from '${module}';\nexport type Of${name} = ${name};`)
      .join('\n');
    const modules = `import * as angular from '@sillage/angular';\nimport * as msal from '@sillage/angular/msal';\nexport { angular, msal };`;
    compiled = compileBlocks([
      { name: 'types', file: 'types', line: 1, language: 'ts', given: '', code: `${code}\n${modules}` },
    ]);
  });

  const exported = (name: string): ts.Symbol => {
    const source = compiled.program.getSourceFile(join(root, 'docs', 'block-0.ts'));
    const module = source === undefined ? undefined : compiled.checker.getSymbolAtLocation(source);
    const found = module?.exports?.get(ts.escapeLeadingUnderscores(name));
    if (found === undefined) throw new Error(`${name} is not exported.`);
    return found;
  };
  const typeOf = (name: Name): ts.Type => compiled.checker.getDeclaredTypeOfSymbol(exported(`Of${name}`));
  const properties = (name: Name): string[] =>
    typeOf(name)
      .getProperties()
      .map((property) => property.name);
  const literals = (type: ts.Type): string[] =>
    (type.isUnion() ? type.types : [type]).flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
  const firstCells = (path: string, heading: string, table: number): string[] =>
    (sectionOf(documentAt(path), heading).match(/(?:^\|.*\n?)+/gm)?.[table] ?? '')
      .split('\n')
      .slice(2)
      .flatMap((row) =>
        [...(tableRows(row)[0]?.[0] ?? '').matchAll(/`(\w[\w-]*)[^`]*`/g)].map(([, name = '']) => name),
      );

  it.each<[string, string, number, Name]>([
    ['packages/client/README.md', 'Options', 0, 'EventStreamOptions'],
    ['packages/client/README.md', 'Options', 1, 'ReconnectPolicy'],
    ['packages/angular/README.md', 'A service', 1, 'MsalApiConfig'],
    ['packages/angular/README.md', 'SseClient', 0, 'SseOptions'],
    ['packages/server/README.md', 'Streams', 0, 'StreamOptions'],
    ['packages/server/README.md', 'Options', 0, 'StreamEndpointOptions'],
    ['packages/server/README.md', 'Options', 1, 'SqliteEventLogOptions'],
    ['packages/server/README.md', 'Several nodes', 0, 'PostgresEventLogOptions'],
    ['packages/server/README.md', 'Several nodes', 1, 'RedisEventLogOptions'],
    ['packages/server/README.md', 'Entra ID tokens', 0, 'EntraVerifierOptions'],
  ])('%s, %s, table %i: %s', (path, heading, table, name) => {
    expect(firstCells(path, heading, table).sort()).toEqual(properties(name).sort());
  });

  it('states, errors and what publishing refuses', () => {
    const { checker } = compiled;
    const states = (typeOf('StreamState') as ts.UnionType).types.flatMap((state) => {
      const status = state.getProperty('status');
      return status === undefined ? [] : literals(checker.getTypeOfSymbol(status));
    });
    expect(firstCells('packages/client/README.md', 'States', 0).sort()).toEqual([...new Set(states)].sort());
    expect(firstCells('packages/client/README.md', 'Errors', 0).sort()).toEqual(
      literals(typeOf('SseErrorCode')).sort(),
    );
    // The two that only the encoder has stand below the table.
    expect(
      [...firstCells('packages/server/README.md', 'Publishing', 0), 'invalid-id', 'invalid-comment'].sort(),
    ).toEqual(literals(typeOf('EventRefusedCode')).sort());
  });

  it('the features of provideSse()', () => {
    const { checker } = compiled;
    const features = ['angular', 'msal'].flatMap((module) =>
      checker
        .getExportsOfModule(checker.getAliasedSymbol(exported(module)))
        .map((one) => one.name)
        .filter((name) => /^with[A-Z]/.test(name)),
    );
    expect(firstCells('packages/angular/README.md', 'provideSse', 0).sort()).toEqual(features.sort());
  });
});
