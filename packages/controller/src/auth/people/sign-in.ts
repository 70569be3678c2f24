// Owns signing in: with a name and a password, and a code where there is a second factor; or vouched for by a provider.
// I1: whoever does not get in learns one thing only: that it did not work. A wrong password, a user that is not there,
//     one that is disabled or has no password: same words, same work.
// I2: that a code is needed is told to those only who know the password.
// I3: every try is slowed by account and address (slowing.ts); a right password without its code takes nothing back
//     but itself.
// I4: who has no password here is asked of the directories, whose accounts become users (external-account.ts). They are
//     asked whenever ours is not right, so that it tells nobody whether there is one here.
// I5: each sign-in makes a new session; none that a browser brings along is taken over.
import { userKind } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import type { FactorRow, FactorStore } from '../../store/store.ts';
import type { Issuer } from '../issue.ts';
import { admitAccount, type ExternalAccount, type Method } from './external-account.ts';
import { confirmedTotp, factorValue, type StatusDeps, tellStatus } from './factor-rows.ts';
import type { Directories } from './ldap.ts';
import type { Hasher } from './password.ts';
import type { People } from './person.ts';
import type { Holder, SecondFactor, SecondProof } from './second-factor.ts';
import type { Slowing } from './slowing.ts';

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
  /** `why` is for the audit trail only (I1); `user`: the name of one who is here. */
  | { readonly kind: 'refused'; readonly why: string; readonly user?: string }
  | { readonly kind: 'code-needed' }
  /** There is a passkey, and a password alone does not do. */
  | { readonly kind: 'passkey-needed' };

export interface SignIn {
  /** @throws ApiError TooManyRequests, ServiceUnavailable, Forbidden (right there, but nobody here). */
  byPassword(wanted: SignInTry): Promise<SignInOutcome>;
  /** For whom a provider vouches; a second factor is its affair. @throws ApiError Forbidden. */
  byAccount(
    method: Method,
    account: ExternalAccount,
    from: Pick<SignInTry, 'address' | 'agent'>,
  ): Promise<SignInOutcome>;
  /** Whose passkey it was. */
  byPasskey(uid: string, from: Pick<SignInTry, 'address' | 'agent'>): Promise<SignInOutcome>;
  /** The name of the user who is meant, where there is one: anything else may be a password, typed in the wrong place. */
  knownName(user: string): string | undefined;
  /** Notes that somebody has signed in by a link. */
  noteLink(user: string): Promise<void>;
  /** Whether it is this person's password; slowed like a sign-in. @throws ApiError TooManyRequests. */
  isPassword(person: Holder, password: string, address: string): Promise<boolean>;
}

interface Deps extends StatusDeps {
  readonly factors: Pick<FactorStore, 'of' | 'byKey' | 'add'>;
  readonly resources: Pick<Resources, 'find' | 'list' | 'create' | 'modify'>;
  readonly people: People;
  readonly hasher: Hasher;
  readonly slowing: Slowing;
  readonly secondFactor: SecondFactor;
  readonly directories: Directories;
  readonly issuer: Issuer;
}

const hashOf = (rows: readonly FactorRow[]): string | undefined =>
  rows.map((row) => factorValue(row, 'password')?.hash).find((hash) => hash !== undefined);

/** Directories do not tell "Alice" from "alice ": neither may the count of what was guessed. */
const accountOf = (user: string): string => user.normalize('NFKC').toLowerCase().replace(/\s+/g, '');

/** What the second factor says, once the password was right. */
const checkSecond = async (
  { secondFactor, people }: Deps,
  rows: readonly FactorRow[],
  user: string,
  code: string,
): Promise<'passed' | SecondProof | 'refused' | 'code-needed' | 'passkey-needed' | 'enrol'> => {
  if (confirmedTotp(rows) === undefined) {
    if (!people.needsSecondFactor(user)) return 'passed';
    // Who has one signs in with it: otherwise a stolen password could enrol an app beside it.
    return rows.some(({ kind }) => kind === 'passkey') ? 'passkey-needed' : 'enrol';
  }
  if (code === '') return 'code-needed';
  return (await secondFactor.accept(rows, code)) ?? 'refused';
};

const enter = async (
  deps: Deps,
  person: Holder,
  session: {
    readonly method: string;
    readonly enrolOnly: boolean;
    readonly secondFactor?: SecondProof;
  } & Pick<SignInTry, 'address' | 'agent'>,
): Promise<SignInOutcome> => {
  const { enrolOnly, ...details } = session;
  const owner = { user: person.name, uid: person.uid };
  const { cookie } = await deps.issuer.issueSession(owner, {
    ...details,
    ...(enrolOnly ? { enrolOnly } : {}),
  });
  await tellStatus(deps, person, { signedIn: true });
  return { kind: 'entered', cookie, enrolOnly };
};

/** Whose password it is, here or in a directory, and by which method; undefined: nobody's who may sign in. */
const findPerson = async (
  deps: Deps,
  { user, password }: SignInTry,
): Promise<{ readonly person: Holder; readonly method: string } | undefined> => {
  const uid = deps.resources.find(userKind, '', user)?.metadata.uid ?? '';
  const isRight = await deps.hasher.verify(password, hashOf(await deps.factors.of(uid)));
  const isHere = isRight && deps.people.identityOf(user, uid) !== undefined;
  if (isHere) return { person: { name: user, uid }, method: 'password' };
  const found = await deps.directories.check(user, password);
  if (found === undefined) return undefined;
  const person = await admitAccount(deps, found.method, found.account);
  const mayEnter = deps.people.identityOf(person.name, person.uid) !== undefined;
  return mayEnter ? { person, method: found.method.name } : undefined;
};

const disabled = (user: string): SignInOutcome => ({ kind: 'refused', why: 'the user is disabled', user });

const knownNameOf = ({ resources }: Pick<Deps, 'resources'>, user: string): string | undefined =>
  [user, accountOf(user)].find((name) => resources.find(userKind, '', name) !== undefined);

/** Why there was nobody whose password it is. */
const whyNobody = ({ resources, people }: Deps, user: string): string => {
  const name = knownNameOf({ resources }, user);
  if (name === undefined) return 'no user here has this name';
  const uid = resources.find(userKind, '', name)?.metadata.uid ?? '';
  return people.identityOf(name, uid) === undefined ? 'the user is disabled' : 'the password is wrong';
};

export const createSignIn = (deps: Deps): SignIn => ({
  byPassword: async (wanted) => {
    const { address, agent } = wanted;
    const attempt = await deps.slowing.begin(accountOf(wanted.user), address);
    const found = await findPerson(deps, wanted);
    if (found === undefined) return { kind: 'refused', why: whyNobody(deps, wanted.user) };
    const { person, method } = found;
    const second = await checkSecond(deps, await deps.factors.of(person.uid), person.name, wanted.code);
    switch (second) {
      case 'refused':
        return { kind: 'refused', why: 'the code is wrong, or was used before', user: person.name };
      case 'code-needed':
      case 'passkey-needed':
        await attempt.undo();
        return { kind: second };
      case 'passed':
      case 'enrol':
        await attempt.succeeded();
        return enter(deps, person, { method, enrolOnly: second === 'enrol', address, agent });
      case 'code':
      case 'recovery code':
        await attempt.succeeded();
        return enter(deps, person, { method, enrolOnly: false, secondFactor: second, address, agent });
    }
  },
  byAccount: async (method, account, from) => {
    const person = await admitAccount(deps, method, account);
    if (deps.people.identityOf(person.name, person.uid) === undefined) return disabled(person.name);
    return enter(deps, person, { method: method.name, enrolOnly: false, ...from });
  },
  byPasskey: async (uid, from) => {
    const found = deps.resources.list(userKind).items.find(({ metadata }) => metadata.uid === uid);
    const name = found?.metadata.name ?? '';
    if (deps.people.identityOf(name, uid) === undefined) return disabled(name);
    return enter(deps, { name, uid }, { method: 'passkey', enrolOnly: false, ...from });
  },
  knownName: (user) => knownNameOf(deps, user),
  noteLink: async (user) => {
    const uid = deps.resources.find(userKind, '', user)?.metadata.uid;
    if (uid !== undefined) await tellStatus(deps, { name: user, uid }, { signedIn: true });
  },
  isPassword: async ({ name, uid }, password, address) => {
    const attempt = await deps.slowing.begin(accountOf(name), address);
    const isRight = await deps.hasher.verify(password, hashOf(await deps.factors.of(uid)));
    if (isRight) await attempt.undo();
    return isRight;
  },
});
