// Owns the making of links, sessions and tokens, and whether one still serves.
// I1: only sha256 of a secret is stored and looked up by.
// I2: a session ends at its time, or when it has not served for `sessionIdleMs`.
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { newId, newSecret, sha256Hex } from '../platform/ids.ts';
import type { CredentialDetails, CredentialRow, CredentialStore } from '../store/store.ts';
import { setCookie } from './session-cookie.ts';

const tokenPrefix = 'drover_';
const sessionLifeMs = 12 * 3_600_000;
const sessionIdleMs = 2 * 3_600_000;
/** For a session that serves for enrolling a second factor only. */
const enrolLifeMs = 15 * 60_000;
const maxTokenLifeSeconds = 10 * 366 * 86_400;

export interface Owner {
  /** CredentialRow.user. */
  readonly user: string;
  readonly uid: string;
}

export interface IssueWish {
  readonly kind: CredentialRow['kind'];
  readonly owner: Owner;
  readonly description: string;
  /** 0: never ends. */
  readonly lifeMs: number;
  readonly details?: CredentialDetails;
}

export interface Issued {
  readonly id: string;
  readonly secret: string;
  readonly expiresAtMs: number;
}

export interface Issuer {
  issue(wish: IssueWish): Promise<Issued>;
  /** The value of Set-Cookie of a new session: its id was never seen before. */
  issueSession(owner: Owner, details: CredentialDetails): Promise<{ readonly cookie: string }>;
}

interface Deps {
  readonly credentials: Pick<CredentialStore, 'add'>;
  readonly clock: Clock;
}

/** @throws ApiError Invalid. */
export const checkTokenLife = (seconds: number): void => {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= maxTokenLifeSeconds) return;
  const message = `must be a whole number of seconds from 0 (never) to ${maxTokenLifeSeconds}`;
  throw new ApiError('Invalid', `cannot create the token: expiresSeconds ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'expiresSeconds' }],
  });
};

/** I2. */
export const isOver = (row: CredentialRow, nowMs: number): boolean => {
  if (row.expiresAtMs !== 0 && row.expiresAtMs <= nowMs) return true;
  const { idleMs } = row.details;
  return idleMs !== undefined && nowMs - Math.max(row.createdAtMs, row.lastUsedMs) >= idleMs;
};

/** Credentials that are over are of no use to anybody. Returns how many were removed. */
export const removeOver = async (
  credentials: Pick<CredentialStore, 'list' | 'remove'>,
  nowMs: number,
): Promise<number> => {
  const all = await Promise.all(
    (['link', 'session', 'token', 'certificate'] as const).map((kind) => credentials.list(kind)),
  );
  const over = all.flat().filter((row) => isOver(row, nowMs));
  await Promise.all(over.map(({ id }) => credentials.remove(id)));
  return over.length;
};

export const createIssuer = (deps: Deps): Issuer => {
  const issue: Issuer['issue'] = async ({ kind, owner, description, lifeMs, details = {} }) => {
    const secret = `${kind === 'token' ? tokenPrefix : ''}${newSecret()}`;
    const createdAtMs = deps.clock.nowMs();
    const expiresAtMs = lifeMs === 0 ? 0 : createdAtMs + lifeMs;
    const id = newId();
    await deps.credentials.add({
      id,
      kind,
      sha256: sha256Hex(secret),
      user: owner.user,
      userUid: owner.uid,
      description,
      createdAtMs,
      expiresAtMs,
      details,
    });
    return { id, secret, expiresAtMs };
  };
  return {
    issue,
    issueSession: async (owner, details) => {
      const lifeMs = details.enrolOnly === true ? enrolLifeMs : sessionLifeMs;
      const wish = { kind: 'session', owner, description: 'browser session', lifeMs } as const;
      const { secret } = await issue({ ...wish, details: { idleMs: sessionIdleMs, ...details } });
      return { cookie: setCookie(secret, lifeMs / 1000) };
    },
  };
};
