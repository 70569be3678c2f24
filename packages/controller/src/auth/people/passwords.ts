// Owns setting, changing and taking away passwords.
// I1: whoever changes their own shows the present one, and every other session of theirs ends.
// I2: one that is set by somebody else ends all sessions and links of the user. API tokens stay: they are listed and
//     revoked by themselves.
import { ApiError } from '@drover/api';
import type { CredentialStore, FactorStore } from '../../store/store.ts';
import { type StatusDeps, tellStatus, toRow } from './factor-rows.ts';
import { checkPassword, type Hasher } from './password.ts';
import type { Holder } from './second-factor.ts';
import type { SignIn } from './sign-in.ts';

export interface Passwords {
  /** @throws ApiError Invalid. */
  set(person: Holder, password: string): Promise<void>;
  /** `keep`: id of the session that stays. @throws ApiError Invalid, Forbidden, TooManyRequests. */
  change(
    person: Holder,
    change: {
      readonly current: string;
      readonly next: string;
      readonly address: string;
      readonly keep: string;
    },
  ): Promise<void>;
  /** They then sign in by other ways only. */
  remove(person: Holder): Promise<void>;
}

interface Deps extends StatusDeps {
  readonly factors: Pick<FactorStore, 'of' | 'replace'>;
  readonly credentials: Pick<CredentialStore, 'ofUser' | 'remove'>;
  readonly hasher: Hasher;
  readonly signIn: Pick<SignIn, 'isPassword'>;
}

/** Ends sessions and links of a user, all but one. */
export const endSessions = async (
  credentials: Pick<CredentialStore, 'ofUser' | 'remove'>,
  user: string,
  keep = '',
): Promise<void> => {
  for (const row of await credentials.ofUser(user))
    if (row.kind !== 'token' && row.id !== keep) await credentials.remove(row.id);
};

export const createPasswords = (deps: Deps): Passwords => {
  const { factors, credentials, hasher } = deps;
  const replace = async (person: Holder, password: string, keep: string): Promise<void> => {
    checkPassword(password);
    const value = { kind: 'password', hash: await hasher.hash(password) } as const;
    await factors.replace(person.uid, ['password'], [toRow(person.uid, value, deps.clock)]);
    await endSessions(credentials, person.name, keep);
    await tellStatus(deps, person);
  };
  return {
    set: (person, password) => replace(person, password, ''),
    change: async (person, { current, next, address, keep }) => {
      checkPassword(next);
      if (!(await deps.signIn.isPassword(person, current, address)))
        throw new ApiError('Forbidden', 'cannot change the password: the present one is not right');
      await replace(person, next, keep);
    },
    remove: async (person) => {
      await factors.replace(person.uid, ['password'], []);
      await endSessions(credentials, person.name);
      await tellStatus(deps, person);
    },
  };
};
