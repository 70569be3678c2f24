// Owns trading a fresh session for an API token.
// I1: the session ends once the token is there: it is nobody's any more.
import type { Http } from '@drover/client';

export interface TokenTrade {
  readonly description: string;
  readonly expiresSeconds: number;
}

/** Headers of a request that a session's cookie signs. */
export const cookieHeaders = (origin: string, cookie: string): Readonly<Record<string, string>> => ({
  cookie,
  origin,
  'x-drover-request': 'cli',
});

/** The cookies of an answer as a request sends them; '' when there are none. */
export const cookiesOf = (headers: { readonly 'set-cookie'?: readonly string[] | undefined }): string =>
  (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0] ?? '').join('; ');

export const tradeSession = async (http: Http, cookie: string, trade: TokenTrade): Promise<string> => {
  const headers = cookieHeaders(http.origin, cookie);
  const { token } = await http.json<{ readonly token: string }>({
    method: 'POST',
    path: '/auth/tokens',
    headers,
    body: { description: trade.description, expiresSeconds: trade.expiresSeconds },
  });
  await http.json({ method: 'POST', path: '/auth/sign-out', headers });
  return token;
};
