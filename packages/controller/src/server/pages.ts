// Owns the plain pages that the server shows to who is not in the console yet, and how they are sent.
// I1: a page loads nothing and runs nothing but our one script (browser/sign-in.mjs), and that only where passkeys are
//     used; its one style is named by hash in the policy; its forms go to us alone, and where the page itself says.
// I2: what comes from outside is escaped.
// I3: whatever is not about passkeys works without the script.
import { createHash } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tellRefused } from './audit.ts';
import { logo, pageStyle } from './page-style.ts';
import { type PageView, viewOf } from './page-view.ts';

const pageType = 'text/html; charset=utf-8';

const styleHash = createHash('sha256').update(pageStyle).digest('base64');

export const scriptPath = '/sign-in.js';

interface PageParts {
  /** Of the head, besides what every page has. */
  readonly head?: string;
  readonly hasScript?: boolean;
  /** There is more to read than to fill in. */
  readonly isWide?: boolean;
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
export const toPage = (
  { prefix, words }: PageView,
  title: string,
  body: string,
  parts: PageParts = {},
): Page => {
  const { head = '', hasScript = false, isWide = false } = parts;
  const script = hasScript ? `<script type="module" src="${prefix}${scriptPath}"></script>` : '';
  const html = `<!doctype html><html lang="${words.language}"><head><meta charset="utf-8">${head}<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${pageStyle}</style>${script}</head><body><header>${logo}Drover</header><main${isWide ? ' class="wide"' : ''}><h1>${title}</h1>${body}</main></body></html>\n`;
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
const problemLine = (problem: string): string =>
  `<p id="problem" class="problem" role="alert"${problem === '' ? ' hidden' : ''}>${escaped(problem)}</p>`;

const aboutThis = ({ prefix, words }: PageView): string => {
  const link = (path: string): string => `<a href="${prefix}${path}">${path}</a>`;
  return `<details><summary>${words.about}</summary><dl>
<dt>${words.commandLine}</dt><dd>${words.commandLineText}</dd>
<dt>${words.api}</dt><dd>${words.apiText(link)}</dd>
<dt>${words.health}</dt><dd>${link('/readyz')}, ${link('/metrics')}</dd>
<dt>${words.docs}</dt><dd>${words.docsText}</dd>
</dl></details>`;
};

/** For who is signed in where there is no console; `waits`: may do nothing but enrol a second factor. */
export const startPage = (view: PageView, user: string, waits: boolean): Page => {
  const { prefix, words } = view;
  return toPage(
    view,
    'Drover',
    `<p>${words.signedInAs(escaped(user))} ${words.notBuilt}</p>${waits ? `<p>${words.waits}</p>` : ''}
<form method="post" action="${prefix}/auth/sign-out"><button>${words.signOut}</button></form>${aboutThis(view)}`,
    { isWide: true },
  );
};

/** A provider that somebody may choose in place of a password. */
export interface ProviderLink {
  readonly title: string;
  readonly path: string;
}

export interface SignInWish {
  /** Where to go then, a path that safePath has made sure of. */
  readonly next: string;
  /** Why the last try was in vain; '': there was none. */
  readonly problem: string;
  /** Who was typed then; '' where it is no plain name. */
  readonly user: string;
  readonly providers: readonly ProviderLink[];
}

const providerLinks = ({ prefix, words }: PageView, providers: readonly ProviderLink[]): string =>
  providers
    .map(
      ({ title, path }) =>
        `<a class="button" href="${prefix}${escaped(path)}">${words.provider(escaped(title))}</a>`,
    )
    .join('');

export const signInPage = (view: PageView, { next, problem, user, providers }: SignInWish): Page => {
  const { prefix, words } = view;
  const focus = (isFirst: boolean): string => (isFirst ? ' autofocus' : '');
  return toPage(
    view,
    words.title,
    `${problemLine(problem)}
<form method="post" action="${prefix}/auth/sign-in"><input type="hidden" name="next" value="${escaped(next)}">
<label>${words.user} <input name="user" value="${escaped(user)}" autocomplete="username" autocapitalize="none" spellcheck="false" required${focus(user === '')}></label>
<label>${words.password} <input name="password" type="password" autocomplete="current-password" required${focus(user !== '')}></label>
<label>${words.code} <input name="code" autocomplete="one-time-code" inputmode="numeric"></label>
<button class="primary">${words.signIn}</button></form>
${providers.length === 0 ? '' : `<div class="or">${words.or}</div>`}${providerLinks(view, providers)}
<div data-passkeys="able" hidden>${providers.length === 0 ? `<div class="or">${words.or}</div>` : ''}<button type="button" id="use-passkey">${words.passkey}</button></div>${aboutThis(view)}`,
    { hasScript: true },
  );
};

/**
 * Goes on to `next`, a path that safePath has made sure of. A redirect would do it as part of the visit that another
 * site has begun, and a cookie that is SameSite=Strict would not be sent along; from this page it is.
 */
export const continuePage = (view: PageView, next: string): Page => {
  const address = `${view.prefix}${escaped(next)}`;
  return toPage(view, view.words.signedIn, `<p><a href="${address}">${view.words.goOn}</a></p>`, {
    head: `<meta http-equiv="refresh" content="0;url=${address}">`,
  });
};

const wayBack = ({ prefix, words }: PageView): string => `<a href="${prefix}/">${words.back}</a>`;

/** What could not be done, with the way back. */
const failedPage = (view: PageView, problem: string): Page =>
  toPage(view, view.words.failed, `${problemLine(problem)}<p>${wayBack(view)}</p>`);

/** For what people are led to: a refusal is told on a page. Anything but an ApiError is thrown on. */
export const onPage = async (
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<string>,
): Promise<string> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // What was sent may be quoted in other refusals.
    if (error.code === 401 || error.code === 403) tellRefused(request, `${error.reason}: ${error.message}`);
    return showPage(reply, error.code, failedPage(viewOf(request), error.message));
  }
};

export const signInFailedPage = (view: PageView): Page =>
  toPage(view, view.words.linkGone, `<p>${view.words.linkGoneText}</p><p>${wayBack(view)}</p>`);
