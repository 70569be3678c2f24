// Owns the page that asks whether a command line may sign in as who is signed in.
import type { CliWish } from '../auth/people/cli-grants.ts';
import { escaped, type Page, toPage } from './pages.ts';

/** `endsAt`: RFC 3339, of the token that it would get. */
export const cliPage = (
  user: string,
  { from, port }: CliWish,
  { ticket, endsAt }: { readonly ticket: string; readonly endsAt: string },
): Page =>
  toPage(
    'Let a command line sign in as you?',
    `<p>The command line of <strong>${escaped(from)}</strong> asks to sign in as <strong>${escaped(user)}</strong>. It would get an API token with which it may whatever you may, until ${escaped(endsAt)}. You can see and revoke it with <code>drover api-token</code>.</p>
<p>Allow it only if you have just begun this there yourself, with <code>drover login --browser</code>.</p>
<form method="post" action="/auth/cli"><input type="hidden" name="ticket" value="${escaped(ticket)}">
<button name="answer" value="allow">Allow</button> <button name="answer" value="refuse">Refuse</button></form>
<p><a href="/">Back to the first page</a>, without an answer</p>`,
    // Browsers hold the redirect that follows a form to this too.
    { formsTo: `http://127.0.0.1:${port}` },
  );
