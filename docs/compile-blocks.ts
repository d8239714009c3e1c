import { dirname, join } from 'node:path';
import { NgtscProgram, type NgCompilerOptions } from '@angular/compiler-cli';
import ts from 'typescript';
import { root, type Block } from './documents.ts';

/** As a stranger's strict project would have it, with what an Angular app and a Node server need at once. */
const options: NgCompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  // The guide's own name for the folder of the API services; in the demo app it is this one.
  paths: { '@app/*': [join(root, 'apps', 'demo-web', 'src', 'app', '*')] },
  types: ['node'],
  typeRoots: [join(root, 'node_modules', '@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  noEmit: true,
  strictTemplates: true,
  strictInjectionParameters: true,
};

/** One program of all blocks, so that the libraries' types are read once. Each block is a module of its own. */
export interface CompiledBlocks {
  /** What the compiler has against a block, Angular's templates included; by the lines of its document. */
  readonly problems: (block: Block) => string[];
  readonly checker: ts.TypeChecker;
  readonly program: ts.Program;
}

/** @param strictness what differs from {@link options}. */
export function compileBlocks(blocks: readonly Block[], strictness: NgCompilerOptions = {}): CompiledBlocks {
  const all = { ...options, ...strictness };
  // Virtual files in docs/: packages are found from there by their published names, as they are from anywhere.
  const files = new Map(blocks.map((block, index) => [join(root, 'docs', placeOf(block, index)), block]));
  const folders = new Set([...files.keys()].map((name) => dirname(name)));
  const names = new Map([...files].map(([name, block]) => [block.name, name]));
  const texts = new Map([...files].map(([name, block]) => [name, sourceOf(block)]));

  const host = ts.createCompilerHost(all);
  const real = { ...host };
  host.fileExists = (name) => texts.has(name) || real.fileExists(name);
  host.directoryExists = (name) => folders.has(name) || (real.directoryExists?.(name) ?? true);
  host.readFile = (name) => texts.get(name) ?? real.readFile(name);
  host.getSourceFile = (name, version, ...rest) => {
    const text = texts.get(name);
    return text === undefined
      ? real.getSourceFile(name, version, ...rest)
      : ts.createSourceFile(name, text, version, true);
  };

  const angular = new NgtscProgram([...files.keys()], all, host);
  const program = angular.getTsProgram();
  const general = [...angular.getTsOptionDiagnostics(), ...program.getGlobalDiagnostics()].map(messageOf);
  if (general.length > 0) throw new Error(`The blocks cannot be compiled: ${general.join('; ')}`);

  return {
    program,
    checker: program.getTypeChecker(),
    problems(block) {
      const name = names.get(block.name);
      const source = name === undefined ? undefined : program.getSourceFile(name);
      if (name === undefined || source === undefined) throw new Error(`${block.name} was not compiled.`);
      const structural = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      const templates = angular.getNgSemanticDiagnostics(name);
      return [...structural, ...templates].map((diagnostic) => {
        const at =
          ts.getLineAndCharacterOfPosition(source, diagnostic.start ?? 0).line - givenLines(block) + block.line;
        return `${block.file}:${at} ${messageOf(diagnostic)}`;
      });
    },
  };
}

/** A block that begins with its path, such as `// src/app/app.ts`, is found there by the other blocks of its document. */
function placeOf({ file, code }: Block, index: number): string {
  const path = /^\/\/ ([\w./-]+\.ts)\n/.exec(code)?.[1];
  return path === undefined ? `block-${index}.ts` : join(`${file.replaceAll('/', '-')}-blocks`, path);
}

/** The block as a module: what is given first, then the code as it stands, then the end of what the given began, such as a class. */
function sourceOf({ given, code }: Block): string {
  return `${given}${given === '' ? '' : '\n'}${code}\n${'}'.repeat(unclosed(given))}\nexport {};\n`;
}

function unclosed(given: string): number {
  return given.split('{').length - given.split('}').length;
}

function givenLines({ given }: Block): number {
  return given === '' ? 0 : given.split('\n').length;
}

function messageOf({ messageText }: { messageText: string | ts.DiagnosticMessageChain }): string {
  return ts.flattenDiagnosticMessageText(messageText, ' ');
}
