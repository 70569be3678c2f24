// Owns the plain pages that the server shows before there is a console, and how they are sent.
// I1: a page loads nothing and runs nothing but our one script (browser/sign-in.mjs), and that only where passkeys are
//     used; its one style is named by hash in the policy; its forms go to us alone, and where the page itself says.
// I2: what comes from outside is escaped.
// I3: whatever is not about passkeys works without the script.
import { createHash } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { FastifyReply } from 'fastify';

const pageType = 'text/html; charset=utf-8';

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}' +
  'code{font-family:ui-monospace,monospace}dt{font-weight:600;margin-top:1rem}dd{margin:0}label{display:block;margin:.5rem 0}' +
  'table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}';

const styleHash = createHash('sha256').update(style).digest('base64');

export const scriptPath = '/sign-in.js';

interface PageParts {
  /** Of the head, besides what every page has. */
  readonly head?: string;
  readonly hasScript?: boolean;
  /** Where the answer to a form of this page may send the browser, besides here: an origin. */
  readonly formsTo?: string;
}

export interface Page {
  readonly html: string;
  readonly policy: string;
}

const policyOf = ({ hasScript = false, formsTo }: PageParts): string =>
  [
    "default-src 'none'",
    ...(hasScript ? ["script-src 'self'", "connect-src 'self'"] : []),
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    `form-action 'self'${formsTo === undefined ? '' : ` ${formsTo}`}`,
    "frame-ancestors 'none'",
  ].join('; ');

/** Sent with every answer: what is not a page of ours may do even less than a page. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policyOf({}),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: browsers then send `Origin: null` with our own forms (Fetch standard, "append a request Origin header").
  'referrer-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-resource-policy': 'same-origin',
};

/** `body` is HTML. */
export const toPage = (title: string, body: string, parts: PageParts = {}): Page => {
  const { head = '', hasScript = false } = parts;
  const script = hasScript ? `<script type="module" src="${scriptPath}"></script>` : '';
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8">${head}<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${style}</style>${script}</head><body><h1>${title}</h1>${body}</body></html>\n`;
  return { html, policy: policyOf(parts) };
};

/** Answers with a page, which is of one person and one moment. */
export const showPage = (reply: FastifyReply, code: number, { html, policy }: Page): string => {
  reply.code(code).header('cache-control', 'no-store').header('content-security-policy', policy);
  reply.type(pageType);
  return html;
};

/** Sends the browser elsewhere, with GET. */
export const seeOther = (reply: FastifyReply, location: string): string => {
  reply.code(303).header('cache-control', 'no-store').header('location', location).type(pageType);
  return '';
};

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Why the last try was in vain; '': there was none, and the script may put something there. */
export const problemLine = (problem: string): string =>
  `<p id="problem" role="alert"${problem === '' ? ' hidden' : ''}><strong>${escaped(problem)}</strong></p>`;

const aboutThisPage = `<dl>
<dt>Command line</dt><dd><code>drover login</code>, then <code>drover nodes</code>, <code>drover run</code>, <code>drover push</code>; <code>drover --help</code> lists the rest</dd>
<dt>API</dt><dd>Kubernetes style, at this address: <a href="/api">/api</a>, <a href="/apis">/apis</a>, described by <a href="/openapi/v3">/openapi/v3</a>; <code>kubectl</code> works</dd>
<dt>Health and metrics</dt><dd><a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></dd>
<dt>Documentation</dt><dd>the directory <code>docs/</code> of the installation: start with <code>docs/user/</code> and <code>docs/protocol.md</code></dd>
</dl>`;

const enrolNotice = `<p><strong>A second factor is asked of you, and you have none yet.</strong> Until then this sign-in serves for nothing else: add a passkey on the page of <a href="/account">your account</a>, or an app with <code>drover login --user</code>; then sign in again.</p>`;

/** For who is signed in; `waits`: may do nothing but enrol a second factor. */
export const startPage = (user: string, waits: boolean): Page =>
  toPage(
    'Drover',
    `<p>You are signed in as <strong>${escaped(user)}</strong>. The console has not been built here (<code>npm start</code> does it); everything can be done through the API and the command line.</p>
${waits ? enrolNotice : ''}<p><a href="/account">Your account</a>: passkeys, sessions, API tokens</p>
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
}): Page =>
  toPage(
    'Sign in to Drover',
    `${problemLine(problem)}
<form method="post" action="/auth/sign-in"><input type="hidden" name="next" value="${escaped(next)}">
<label>User <input name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<label>Code, where you use an app <input name="code" autocomplete="one-time-code" inputmode="numeric"></label>
<button>Sign in</button></form>
<p data-passkeys="able" hidden><button type="button" id="use-passkey">Sign in with a passkey</button></p>${providerLinks(providers)}${aboutThisPage}`,
    { hasScript: true },
  );

/**
 * Goes on to `next`, a path that safePath has made sure of. A redirect would do it as part of the visit that another
 * site has begun, and a cookie that is SameSite=Strict would not be sent along; from this page it is.
 */
export const continuePage = (next: string): Page =>
  toPage('You are signed in', `<p><a href="${escaped(next)}">Go on</a></p>`, {
    head: `<meta http-equiv="refresh" content="0;url=${escaped(next)}">`,
  });

/** What could not be done, with the way back. */
const failedPage = (problem: string): Page =>
  toPage('That did not work', `${problemLine(problem)}<p><a href="/">Back to the first page</a></p>`);

/** For what people are led to: a refusal is told on a page. Anything but an ApiError is thrown on. */
export const onPage = async (reply: FastifyReply, work: () => Promise<string>): Promise<string> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return showPage(reply, error.code, failedPage(error.message));
  }
};

export const signInFailedPage = toPage(
  'This link does not work any more',
  '<p>A sign-in link works once and for a short time. An administrator makes a new one: <code>drover user link NAME</code>; whoever runs the controller is one.</p>',
);
