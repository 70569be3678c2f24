// Owns signing in with a name and a password, and a code where there is a second factor.
// I1: whoever does not get in learns one thing only: that it did not work. A wrong password, a user that is not there,
//     one that is disabled or has no password: same words, same work.
// I2: that a code is needed is told to those only who know the password.
// I3: every try is slowed by account and address (slowing.ts); a right password without its code takes nothing back
//     but itself.
// I4: each sign-in makes a new session; none that a browser brings along is taken over.
import { userKind } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import type { FactorRow, FactorStore } from '../../store/store.ts';
import type { Issuer } from '../issue.ts';
import { confirmedTotp, factorValue, type StatusDeps, tellStatus } from './factor-rows.ts';
import type { Hasher } from './password.ts';
import type { People } from './person.ts';
import type { Holder, SecondFactor } from './second-factor.ts';
import type { Attempt, Slowing } from './slowing.ts';

export interface SignInTry {
  readonly user: string;
  readonly password: string;
  /** Of the app, or a recovery code; '' when none was given. */
  readonly code: string;
  readonly address: string;
  readonly agent: string;
}

export type SignInOutcome =
  | { readonly kind: 'entered'; readonly cookie: string; readonly enrolOnly: boolean }
  | { readonly kind: 'refused' }
  | { readonly kind: 'code-needed' };

export interface SignIn {
  /** @throws ApiError TooManyRequests. */
  byPassword(wanted: SignInTry): Promise<SignInOutcome>;
  /** Whether it is this person's password; slowed like a sign-in. @throws ApiError TooManyRequests. */
  isPassword(person: Holder, password: string, address: string): Promise<boolean>;
}

interface Deps extends StatusDeps {
  readonly factors: Pick<FactorStore, 'of'>;
  readonly resources: Pick<Resources, 'find' | 'modify'>;
  readonly people: People;
  readonly hasher: Hasher;
  readonly slowing: Slowing;
  readonly secondFactor: SecondFactor;
  readonly issuer: Issuer;
}

const hashOf = (rows: readonly FactorRow[]): string | undefined =>
  rows.map((row) => factorValue(row, 'password')?.hash).find((hash) => hash !== undefined);

/** What the second factor says, once the password was right. */
const checkSecond = async (
  { secondFactor, people }: Deps,
  rows: readonly FactorRow[],
  { user, code }: SignInTry,
): Promise<'passed' | 'refused' | 'code-needed' | 'enrol'> => {
  if (confirmedTotp(rows) === undefined) return people.needsSecondFactor(user) ? 'enrol' : 'passed';
  if (code === '') return 'code-needed';
  return (await secondFactor.accept(rows, code)) ? 'passed' : 'refused';
};

const finish = async (
  deps: Deps,
  attempt: Attempt,
  person: Holder,
  session: { readonly method: string; readonly enrolOnly: boolean } & Pick<SignInTry, 'address' | 'agent'>,
): Promise<SignInOutcome> => {
  const { enrolOnly, ...details } = session;
  await attempt.succeeded();
  const owner = { user: person.name, uid: person.uid };
  const { cookie } = await deps.issuer.issueSession(owner, {
    ...details,
    ...(enrolOnly ? { enrolOnly } : {}),
  });
  await tellStatus(deps, person, { signedIn: true });
  return { kind: 'entered', cookie, enrolOnly };
};

export const createSignIn = (deps: Deps): SignIn => ({
  byPassword: async (wanted) => {
    const { user, password, address, agent } = wanted;
    const attempt = await deps.slowing.begin(user, address);
    const uid = deps.resources.find(userKind, '', user)?.metadata.uid ?? '';
    const rows = await deps.factors.of(uid);
    const isRight = await deps.hasher.verify(password, hashOf(rows));
    if (!isRight || deps.people.identityOf(user, uid) === undefined) return { kind: 'refused' };
    const second = await checkSecond(deps, rows, wanted);
    switch (second) {
      case 'refused':
        return { kind: 'refused' };
      case 'code-needed':
        await attempt.undo();
        return { kind: 'code-needed' };
      case 'passed':
      case 'enrol': {
        const session = { method: 'password', enrolOnly: second === 'enrol', address, agent };
        return finish(deps, attempt, { name: user, uid }, session);
      }
    }
  },
  isPassword: async ({ name, uid }, password, address) => {
    const attempt = await deps.slowing.begin(name, address);
    const isRight = await deps.hasher.verify(password, hashOf(await deps.factors.of(uid)));
    if (isRight) await attempt.undo();
    return isRight;
  },
});
