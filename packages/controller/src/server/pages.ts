// Owns the plain pages that the server shows before there is a console.
// I1: a page loads nothing and runs nothing; its one style is named by hash in the policy; its forms go to us alone.
// I2: what comes from outside is escaped.
import { createHash } from 'node:crypto';

export const pageType = 'text/html; charset=utf-8';

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}' +
  'code{font-family:ui-monospace,monospace}dt{font-weight:600;margin-top:1rem}dd{margin:0}label{display:block;margin:.5rem 0}';

const styleHash = createHash('sha256').update(style).digest('base64');

/** Sent with every answer: what is not a page of ours may do even less than a page. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-resource-policy': 'same-origin',
};

const page = (title: string, body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8">${head}<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${style}</style></head><body><h1>${title}</h1>${body}</body></html>\n`;

const aboutThisPage = `<dl>
<dt>Command line</dt><dd><code>drover login</code>, then <code>drover nodes</code>, <code>drover run</code>, <code>drover push</code>; <code>drover --help</code> lists the rest</dd>
<dt>API</dt><dd>Kubernetes style, at this address: <a href="/api">/api</a>, <a href="/apis">/apis</a>, described by <a href="/openapi/v3">/openapi/v3</a>; <code>kubectl</code> works</dd>
<dt>Health and metrics</dt><dd><a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></dd>
<dt>Documentation</dt><dd>the directory <code>docs/</code> of the installation: start with <code>docs/user/</code> and <code>docs/protocol.md</code></dd>
</dl>`;

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** For who is signed in. */
export const startPage = (user: string): string =>
  page(
    'Drover',
    `<p>You are signed in as <strong>${escaped(user)}</strong>. There is no console in this version; everything is done through the API and the command line.</p>
<form method="post" action="/auth/sign-out"><button>Sign out</button></form>${aboutThisPage}`,
  );

/** A provider that somebody may choose in place of a password. */
export interface ProviderLink {
  readonly title: string;
  readonly path: string;
}

const providerLinks = (providers: readonly ProviderLink[]): string =>
  providers
    .map(({ title, path }) => `<p><a href="${escaped(path)}">Sign in with ${escaped(title)}</a></p>`)
    .join('');

/** `next`: where to go then, a path that safePath has made sure of. `problem`: why the last try was in vain; '': there was none. */
export const signInPage = ({
  next,
  problem,
  providers,
}: {
  readonly next: string;
  readonly problem: string;
  readonly providers: readonly ProviderLink[];
}): string =>
  page(
    'Sign in to Drover',
    `${problem === '' ? '' : `<p role="alert"><strong>${escaped(problem)}</strong></p>`}
<form method="post" action="/auth/sign-in"><input type="hidden" name="next" value="${escaped(next)}">
<label>User <input name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<label>Code, where you use an app <input name="code" autocomplete="one-time-code" inputmode="numeric"></label>
<button>Sign in</button></form>${providerLinks(providers)}${aboutThisPage}`,
  );

/**
 * Goes on to `next`, a path that safePath has made sure of. A redirect would do it as part of the visit that another
 * site has begun, and a cookie that is SameSite=Strict would not be sent along; from this page it is.
 */
export const continuePage = (next: string): string =>
  page(
    'You are signed in',
    `<p><a href="${escaped(next)}">Go on</a></p>`,
    `<meta http-equiv="refresh" content="0;url=${escaped(next)}">`,
  );

export const providerFailedPage = (problem: string): string =>
  page(
    'That did not work',
    `<p role="alert">${escaped(problem)}</p><p><a href="/">Back to the sign-in page</a></p>`,
  );

export const signInFailedPage = page(
  'This link does not work any more',
  '<p>A sign-in link works once and for a short time. An administrator makes a new one: <code>drover user link NAME</code>; whoever runs the controller is one.</p>',
);
