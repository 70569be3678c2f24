// Owns the page of one's own account: passkeys, which are added and removed there, sessions and API tokens.
import type { PasskeyInfo } from '../auth/people/passkeys.ts';
import { toTimestamp } from '../platform/clock.ts';
import { escaped, type Page, problemLine, toPage } from './pages.ts';
import type { CredentialView } from './routes/credential-view.ts';

export interface Account {
  readonly user: string;
  /** What keeps them from having passkeys; '': nothing. */
  readonly noPasskeys: string;
  readonly passkeys: readonly PasskeyInfo[];
  /** A change takes the password. */
  readonly asksPassword: boolean;
  /** The session may do nothing but enrol a second factor. */
  readonly waits: boolean;
  readonly sessions: readonly CredentialView[];
  readonly tokens: readonly CredentialView[];
}

const time = (rfc3339: string | null): string =>
  rfc3339 === null ? 'never' : `<time datetime="${rfc3339}">${rfc3339}</time>`;

const table = (label: string, heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const head = heads.map((one) => `<th scope="col">${one}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<table aria-label="${label}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
};

const removeButton = ({ id, name }: PasskeyInfo): string =>
  `<span data-passkeys="able" hidden><button type="button" value="${escaped(id)}" data-name="${escaped(name)}" aria-label="Remove ${escaped(name)}">Remove</button></span>`;

const passkeyTable = ({ passkeys, waits }: Account): string => {
  if (passkeys.length === 0) return '<p>You have no passkeys.</p>';
  const rows = passkeys.map((one) => [
    escaped(one.name),
    time(toTimestamp(one.createdAtMs)),
    time(one.lastUsedMs === 0 ? null : toTimestamp(one.lastUsedMs)),
    waits ? '' : removeButton(one),
  ]);
  return table('Passkeys', ['Name', 'Made', 'Last used', ''], rows);
};

const passwordField = `<label>Your password, for adding and removing <input name="password" type="password" autocomplete="current-password" required></label>`;

const passkeyForm = ({ asksPassword }: Account): string => `<div data-passkeys="able" hidden>
<form id="add-passkey"><label>Name of the new passkey <input name="name" maxlength="100" placeholder="laptop" required></label>
${asksPassword ? passwordField : ''}<button>Add a passkey</button></form></div>
<p data-passkeys="unable">To add or remove passkeys here, use a browser of 2025 or newer with JavaScript on.</p>`;

const passkeyPart = (account: Account): string =>
  account.noPasskeys === ''
    ? `${passkeyTable(account)}${passkeyForm(account)}`
    : `<p>${escaped(account.noPasskeys)}</p>`;

const sessionTable = (sessions: readonly CredentialView[]): string =>
  table(
    'Sessions',
    ['Signed in', 'By', 'From', 'Last used', 'Ends'],
    sessions.map((one) => [
      `${time(one.createdAt)}${one.current ? ' (this one)' : ''}`,
      escaped(one.method ?? ''),
      escaped(one.address ?? ''),
      time(one.lastUsedAt),
      time(one.expiresAt),
    ]),
  );

const tokenTable = (tokens: readonly CredentialView[]): string =>
  tokens.length === 0
    ? '<p>You have no API tokens.</p>'
    : table(
        'API tokens',
        ['For', 'Made', 'Last used', 'Ends'],
        tokens.map((one) => [
          escaped(one.description),
          time(one.createdAt),
          time(one.lastUsedAt),
          time(one.expiresAt),
        ]),
      );

export const accountPage = (account: Account): Page =>
  toPage(
    'Your account',
    `<p>You are signed in as <strong>${escaped(account.user)}</strong>. <a href="/">Back to the first page</a></p>${problemLine('')}
<h2>Passkeys</h2><p>A passkey signs you in without a password, and counts as second factor.${account.waits ? ' <strong>Add one, sign out, and sign in with it.</strong>' : ''}</p>${passkeyPart(account)}
<h2>Sessions</h2>${sessionTable(account.sessions)}<p>To end them: <code>drover session revoke</code>; to change the password: <code>drover user passwd</code>.</p>
<h2>API tokens</h2>${tokenTable(account.tokens)}<p>To make and revoke them: <code>drover api-token</code>.</p>
<form method="post" action="/auth/sign-out"><button>Sign out</button></form>`,
    { hasScript: true },
  );
