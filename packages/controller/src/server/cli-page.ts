// Owns the page that asks whether a command line may sign in as who is signed in.
import type { CliWish } from '../auth/people/cli-grants.ts';
import type { PageView } from './page-view.ts';
import { escaped, type Page, toPage } from './pages.ts';

/** `endsAt`: RFC 3339, of the token that it would get. */
export const cliPage = (
  view: PageView,
  user: string,
  { from, port }: CliWish,
  { ticket, endsAt }: { readonly ticket: string; readonly endsAt: string },
): Page => {
  const { prefix, words } = view;
  return toPage(
    view,
    words.cliTitle,
    `<p>${words.cliAsks(escaped(from), escaped(user), escaped(endsAt))}</p>
<p>${words.cliOnly}</p>
<form method="post" action="${prefix}/auth/cli"><input type="hidden" name="ticket" value="${escaped(ticket)}">
<button class="primary" name="answer" value="allow">${words.allow}</button> <button name="answer" value="refuse">${words.refuse}</button></form>
<p><a href="${prefix}/">${words.back}</a>, ${words.withoutAnswer}</p>`,
    // Browsers hold the redirect that follows a form to this too.
    { formsTo: `http://127.0.0.1:${port}`, isWide: true },
  );
};
