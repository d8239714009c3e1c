import { Component, computed, input } from '@angular/core';

interface Token {
  readonly text: string;
  readonly kind: 'plain' | 'keyword' | 'string' | 'decorator' | 'comment';
}

const kinds = ['keyword', 'string', 'decorator', 'comment'] as const;
const pattern =
  /(?<comment>\/\/.*)|(?<string>'[^']*'|`[^`]*`)|(?<decorator>@\w+)|\b(?<keyword>import|from|export|class|readonly|protected|const)\b/g;

/** Code, in colours that also differ in weight. */
@Component({
  selector: 'app-code-block',
  template: `<pre
    tabindex="0"
    role="region"
    [attr.aria-label]="label()"
  ><code>@for (token of tokens(); track $index) {<span [attr.data-kind]="token.kind">{{ token.text }}</span>}</code></pre>`,
  styles: `
    :host {
      display: block;
      min-width: 0;
    }
    pre {
      margin: 0;
      padding: 1rem 1.15rem;
      overflow-x: auto;
      border: 1px solid var(--sea-line);
      border-radius: 0.75rem;
      background: var(--sea-code);
      color: var(--sea-ink);
      font:
        0.8125rem/1.65 ui-monospace,
        'Cascadia Code',
        'SF Mono',
        Menlo,
        Consolas,
        monospace;
      tab-size: 2;
    }
    [data-kind='keyword'] {
      color: var(--sea-link);
      font-weight: 600;
    }
    [data-kind='string'] {
      color: var(--sea-live);
    }
    [data-kind='decorator'] {
      color: var(--sea-warn);
    }
    [data-kind='comment'] {
      color: var(--sea-muted);
    }
  `,
})
export class CodeBlock {
  readonly code = input.required<string>();
  readonly label = input.required<string>();
  protected readonly tokens = computed(() => tokensOf(this.code().trimEnd()));
}

function tokensOf(code: string): readonly Token[] {
  const tokens: Token[] = [];
  let from = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > from) tokens.push({ text: code.slice(from, match.index), kind: 'plain' });
    const groups: Readonly<Record<string, string | undefined>> = match.groups ?? {};
    tokens.push({ text: match[0], kind: kinds.find((kind) => groups[kind] !== undefined) ?? 'plain' });
    from = match.index + match[0].length;
  }
  return [...tokens, { text: code.slice(from), kind: 'plain' }];
}
