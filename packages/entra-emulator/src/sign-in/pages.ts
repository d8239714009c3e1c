import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { SpaApplication, Tenant, User } from '../directory/index.ts';
import { html } from '../http/index.ts';
import type { Html } from '../http/index.ts';

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1b1b1f, #ececf1); --muted: light-dark(#5b5b66, #a9a9b6);
  --page: light-dark(#f3f3f7, #131316); --card: light-dark(#fff, #1e1e23); --line: light-dark(#d5d5de, #3a3a44);
  --accent: light-dark(#0b57a4, #8cc2ff); --on-accent: light-dark(#fff, #0b1a2b); --alert: light-dark(#a3161c, #ff9d9d); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(27rem, 100%); background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.75rem; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: .75rem 0 .25rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.simulated { font-size: .8125rem; color: var(--muted); border: 1px dashed var(--line); border-radius: .5rem; padding: .4rem .65rem; margin: 0; }
.muted { color: var(--muted); } .alert { color: var(--alert); }
ul { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: .5rem; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem;
  min-height: 2.75rem; cursor: pointer; }
button:hover { border-color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.account { width: 100%; text-align: start; overflow-wrap: anywhere; }
.account small { display: block; color: var(--muted); font-size: .875rem; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; margin-top: 1.25rem; }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
code { font-size: .875rem; }
`;

/** One piece: white space inside of it would change the hash in the policy below. */
const styleElement: Html = { markup: `<style>${style}</style>` };

/**
 * `form-action` is not limited: Chromium applies it to the redirect after the form too, which goes to the application.
 * No Cross-Origin-Opener-Policy: it would cut a popup off from the page that opened it, and MSAL's popup flow with it.
 */
const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`,
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  // With "no-referrer" the browser would send "Origin: null" with our own form.
  'Referrer-Policy': 'same-origin',
};

/** A page of the emulator. */
export interface Page {
  readonly title: string;
  readonly body: Html;
}

/** What the pages of one sign-in share. */
export interface SignInForm {
  readonly client: SpaApplication;
  /** The path that the form posts to. */
  readonly action: string;
  /** The authorize request, as its query string: validated again when the form is posted. */
  readonly request: string;
}

/** Answers with a page that nobody may keep or frame. */
export function sendPage(response: ServerResponse, status: number, { title, body }: Page): void {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – simulated sign-in</title>
        ${styleElement}
      </head>
      <body>
        <main>
          <p class="simulated">
            Simulated identity provider. For development and tests: it asks for no password and protects nothing.
          </p>
          ${body}
        </main>
      </body>
    </html> `;
  response.writeHead(status, headers);
  response.end(page.markup);
}

/** "Which account?" */
export function accountPickerPage(
  form: SignInForm,
  content: { users: readonly User[]; hinted: User | undefined; tenant: Tenant | undefined; notice: string | undefined },
): Page {
  const { users, hinted, tenant, notice } = content;
  const focused = hinted ?? users[0];
  const body = html` <h1>Pick an account</h1>
    <p class="muted">
      to continue to ${form.client.displayName}${tenant === undefined ? '' : `, in ${tenant.displayName}`}
    </p>
    ${notice === undefined ? [] : html`<p class="alert" role="alert">${notice}</p>`}
    ${formOf(
      form,
      html` <ul>
          ${users.map(
            (user) =>
              html`<li>
                <button
                  class="account"
                  name="choice"
                  value="pick:${user.oid}"
                  ${user === focused ? { markup: ' autofocus' } : []}
                >
                  ${user.displayName} <small>${user.username}</small>
                </button>
              </li> `,
          )}
        </ul>
        <div class="actions"><button name="choice" value="cancel">Cancel</button></div>`,
    )}`;
  return { title: 'Pick an account', body };
}

/** "Confirm it is you": the simulated second factor. */
export function stepUpPage(form: SignInForm, { user, acrs }: { user: User; acrs: readonly string[] }): Page {
  const body = html` <h1>Confirm it is you</h1>
    <p>
      ${form.client.displayName} asks ${user.displayName} for a second factor (authentication context
      ${acrs.join(', ')}). Here, one button stands for it.
    </p>
    <p class="muted">${user.username}</p>
    ${formOf(
      form,
      html` <div class="actions">
        <button name="choice" value="cancel">Cancel</button>
        <button class="primary" name="choice" value="confirm:${user.oid}" autofocus>Confirm it is me</button>
      </div>`,
    )}`;
  return { title: 'Confirm it is you', body };
}

/** "Permissions requested", for `prompt=consent`. */
export function consentPage(form: SignInForm, { user, scope }: { user: User; scope: string }): Page {
  const body = html` <h1>Permissions requested</h1>
    <p>${form.client.displayName} would like, for ${user.displayName}:</p>
    <ul>
      ${scope.split(/\s+/).map((one) => html`<li><code>${one}</code></li>`)}
    </ul>
    ${formOf(
      form,
      html` <div class="actions">
        <button name="choice" value="cancel">Cancel</button>
        <button class="primary" name="choice" value="accept:${user.oid}" autofocus>Accept</button>
      </div>`,
    )}`;
  return { title: 'Permissions requested', body };
}

/** A message, and nothing to do. */
export function messagePage(title: string, message: string): Page {
  return {
    title,
    body: html`<h1>${title}</h1>
      <p>${message}</p>`,
  };
}

function formOf({ action, request }: SignInForm, content: Html): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="request" value="${request}" />${content}
  </form>`;
}
