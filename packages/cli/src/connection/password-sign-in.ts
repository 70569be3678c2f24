// Owns signing in with a password, and a code where there is a second factor, for an API token.
// I1: password and code go to the controller and nowhere else; what is kept is the token.
import { ApiError } from '@drover/api/errors';
import { createClient, type Http } from '@drover/client';
import { enrolTotp } from '../people/enrol-totp.ts';
import { type Ask, createAsk } from '../platform/ask.ts';
import type { Session } from '../session.ts';
import { cookieHeaders, cookiesOf, type TokenTrade, tradeSession } from './session-token.ts';

interface Entered {
  readonly cookie: string;
  /** The session may do nothing but enrol a second factor. */
  readonly enrolOnly: boolean;
}

const enter = async (http: Http, body: object): Promise<Entered> => {
  const answer = await http.open({ method: 'POST', path: '/auth/sign-in', body });
  let text = '';
  for await (const part of answer) text += String(part);
  const { enrolOnly } = JSON.parse(text) as { readonly enrolOnly: boolean }; // docs/protocol.md section 1
  return { cookie: cookiesOf(answer.headers), enrolOnly };
};

const wantsCode = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.details?.causes ?? []).some((cause) => cause.reason === 'SecondFactorRequired');

const enrolFirst = (session: Session, http: Http, cookie: string, ask: Ask): Promise<void> => {
  session.note('A second factor is asked of you. Sign in goes on once an app is enrolled.');
  const headers = cookieHeaders(http.origin, cookie);
  return enrolTotp(session, {
    begin: () => http.json({ method: 'POST', path: '/auth/totp', headers, body: {} }),
    confirm: (code) => http.json({ method: 'POST', path: '/auth/totp/confirm', headers, body: { code } }),
    askCode: () => ask.secret('Code of the app: '),
  });
};

/** Resolves to the token. */
export const signInAs = async (
  session: Session,
  user: string,
  trade: TokenTrade & { readonly origin: string; readonly caPem: string },
): Promise<string> => {
  const client = createClient({ address: trade.origin, caPem: trade.caPem, token: '' });
  const ask = createAsk(session);
  try {
    const password = await ask.secret(`Password of ${user}: `);
    const withCode = async (question: string): Promise<Entered> =>
      enter(client.http, { user, password, code: await ask.secret(question) });
    let entered = await enter(client.http, { user, password }).catch((error: unknown) => {
      if (!wantsCode(error)) throw error;
      return withCode('Code: ');
    });
    if (entered.enrolOnly) {
      await enrolFirst(session, client.http, entered.cookie, ask);
      entered = await withCode('The next code of the app, or a recovery code: ');
    }
    return await tradeSession(client.http, entered.cookie, trade);
  } finally {
    client.close();
  }
};
