// Owns signing in through the person's own browser, for an API token: authorization code with PKCE (RFC 7636) and the
// loopback (RFC 8252). docs/protocol.md section 1 has the paths.
// I1: the verifier leaves this process for the controller only, over its verified TLS: who sees the address or what the
//     browser brings back has nothing.
import { createHash, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { ApiError } from '@drover/api/errors';
import { createClient } from '@drover/client';
import { Failure, usageFailure } from '../failure.ts';
import { showPage } from '../platform/show-page.ts';
import type { Session } from '../session.ts';
import { openLoopback } from './loopback.ts';

/** As long as the controller remembers the question. */
const waitMs = 10 * 60_000;

const newSecret = (): string => randomBytes(32).toString('base64url');

/** What the person is shown of who asks. It goes through addresses, which have a limit. */
const ownName = (): string =>
  `${userInfo().username}@${hostname()}`.replace(/[^\x21-\x7e]/g, '?').slice(0, 100);

interface Trade {
  readonly origin: string;
  readonly caPem: string;
  readonly expiresSeconds: number;
}

const redeem = async ({ origin, caPem }: Trade, code: string, verifier: string) => {
  const client = createClient({ address: origin, caPem, token: '' });
  try {
    return await client.http.json<{ readonly token: string; readonly user: string }>({
      method: 'POST',
      path: '/auth/cli/token',
      body: { code, verifier },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Unauthorized') throw error;
    throw new Failure(error.message, { remedy: "begin anew with 'drover login --browser'", cause: error });
  } finally {
    client.close();
  }
};

/** Resolves to the token. */
export const signInByBrowser = async (session: Session, trade: Trade): Promise<string> => {
  if (trade.expiresSeconds === 0)
    throw usageFailure('cannot use --expires 0 with --browser: such a token has to end');
  const [verifier, state] = [newSecret(), newSecret()];
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const loopback = await openLoopback(state, waitMs);
  try {
    const wish = { challenge, state, port: String(loopback.port), from: ownName() };
    const query = new URLSearchParams({ ...wish, seconds: String(trade.expiresSeconds) });
    const address = `${trade.origin}/auth/cli?${query}`;
    session.note(`Open this in a browser on this machine, and allow it there:\n${address}`);
    showPage(address, session.environment);
    const code = (await loopback.answer).get('code');
    if (code === null) throw new Failure('cannot sign in: it was refused in the browser');
    const { token, user } = await redeem(trade, code, verifier);
    session.note(`let in by ${user}`);
    return token;
  } finally {
    loopback.close();
  }
};
