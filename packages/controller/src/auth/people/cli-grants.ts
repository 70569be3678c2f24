// Owns letting a command line in as somebody who is signed in in a browser: an authorization code (RFC 6749 section 4.1)
// that goes to the loopback of the browser's own machine (RFC 8252 section 7.3), with PKCE (RFC 7636, S256).
// I1: nothing is given but what the person was shown and has agreed to: the question waits here, bound to the session that
//     was asked, and is answered once.
// I2: a code serves once, within `codeMs`, and only together with the verifier: whoever else sees where the browser is
//     sent cannot use it. A wrong verifier uses it up.
// I3: what waits is in memory, bounded: a restart costs another try.
import { createHash } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { newSecret, sha256Hex } from '../../platform/ids.ts';
import type { PendingStore } from '../../store/store.ts';
import type { UserIdentity } from '../identity.ts';
import { checkTokenLife } from '../issue.ts';
import { createWaitingRoom } from './waiting-room.ts';

const questionMs = 10 * 60_000;
const codeMs = 60_000;
const mostWaiting = 1_000;

/** What a command line asks for. */
export interface CliWish {
  /** base64url(sha256(verifier)). */
  readonly challenge: string;
  /** On 127.0.0.1, where it waits for the browser. */
  readonly port: number;
  /** Given back to it as it is: it knows its own question by it. */
  readonly state: string;
  /** What it calls itself: user@host. */
  readonly from: string;
  /** How long its token lasts; never for ever. */
  readonly expiresSeconds: number;
}

export interface CliGrants {
  /** The ticket with which the person answers. */
  ask(person: UserIdentity, wish: CliWish): Promise<string>;
  /** Where the browser goes with the answer. @throws ApiError Gone. */
  answer(person: UserIdentity, ticket: string, isAllowed: boolean): Promise<string>;
  /** Who has agreed, and to what; undefined: nobody. */
  redeem(
    code: string,
    verifier: string,
  ): Promise<{ readonly person: UserIdentity; readonly wish: CliWish } | undefined>;
}

const invalid = (field: string, message: string): ApiError =>
  new ApiError('Invalid', `cannot let a command line sign in: ${field} ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });

/** What base64url(sha256(...)) and 32 random bytes look like. */
const isHash = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** Reads the question of a command line. @throws ApiError Invalid. */
export const parseCliWish = (query: Readonly<Record<string, string>>): CliWish => {
  const { challenge = '', state = '', from = '' } = query;
  const [port, expiresSeconds] = [Number(query['port']), Number(query['seconds'])];
  if (!isHash(challenge)) throw invalid('challenge', 'must be a sha256 in base64url');
  if (!isHash(state)) throw invalid('state', 'must be 32 bytes in base64url');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid('port', 'must be a port');
  // It is shown to a person who decides by it: nothing invisible, nothing that turns the text around.
  if (!/^\P{C}{1,100}$/u.test(from))
    throw invalid('from', 'must be a text of at most 100 visible characters');
  if (expiresSeconds === 0) throw invalid('seconds', 'must be at least 1: such a token has to end');
  checkTokenLife(expiresSeconds);
  return { challenge, port, state, from, expiresSeconds };
};

const backTo = ({ port, state }: CliWish, answer: Readonly<Record<string, string>>): string =>
  `http://127.0.0.1:${port}/?${new URLSearchParams({ ...answer, state })}`;

export const createCliGrants = (deps: {
  readonly pending: PendingStore;
  readonly clock: Clock;
}): CliGrants => {
  type Waiting = NonNullable<Awaited<ReturnType<CliGrants['redeem']>>>;
  const questions = createWaitingRoom<Waiting>({
    ...{ ...deps, name: 'cli-question', lifeMs: questionMs, most: mostWaiting },
  });
  const codes = createWaitingRoom<Waiting>({
    ...{ ...deps, name: 'cli-code', lifeMs: codeMs, most: mostWaiting },
  });
  return {
    ask: async (person, wish) => {
      const ticket = newSecret();
      await questions.add(sha256Hex(ticket), { person, wish });
      return ticket;
    },
    answer: async ({ credential }, ticket, isAllowed) => {
      const isMeant = ({ person }: Waiting) => person.credential === credential;
      const found = await questions.take(sha256Hex(ticket), isMeant);
      if (found === undefined)
        throw new ApiError(
          'Gone',
          'cannot let a command line sign in: this question was answered already, or is too old; begin anew with drover login --browser',
        );
      if (!isAllowed) return backTo(found.wish, { error: 'access_denied' });
      const code = newSecret();
      await codes.add(sha256Hex(code), found);
      return backTo(found.wish, { code });
    },
    redeem: async (code, verifier) => {
      const found = await codes.take(sha256Hex(code), () => true);
      const proof = createHash('sha256').update(verifier).digest('base64url');
      return found?.wish.challenge === proof ? found : undefined;
    },
  };
};
