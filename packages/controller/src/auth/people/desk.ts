// Owns the one place at which the server finds everything about people: it is put together here.
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import type { Store } from '../../store/store.ts';
import { createIssuer } from '../issue.ts';
import { type CliGrants, createCliGrants } from './cli-grants.ts';
import { openPeopleKeeper } from './keeper.ts';
import { createDirectories } from './ldap.ts';
import { createOidc, type Oidc } from './oidc.ts';
import { createPasskeys, type Passkeys } from './passkeys.ts';
import { type Cost, createHasher } from './password.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createPeople } from './person.ts';
import { createSecondFactor, type SecondFactor } from './second-factor.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import { openSlowing } from './slowing.ts';

export interface PeopleDesk {
  readonly signIn: SignIn;
  readonly passwords: Passwords;
  readonly secondFactor: SecondFactor;
  readonly oidc: Oidc;
  readonly passkeys: Passkeys;
  readonly cliGrants: CliGrants;
  close(): Promise<void>;
}

export interface DeskDeps {
  readonly store: Pick<Store, 'credentials' | 'factors' | 'pending'>;
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
  /** Of a password's hash; the standard one unless given. */
  readonly passwordCost?: Cost;
}

export const openPeopleDesk = async ({
  store,
  resources,
  clock,
  log,
  passwordCost,
}: DeskDeps): Promise<PeopleDesk> => {
  const { credentials, factors, pending } = store;
  const keeper = await openPeopleKeeper({ resources, factors, credentials, log });
  const people = createPeople(resources);
  const issuer = createIssuer({ credentials, clock });
  const hasher = createHasher(passwordCost);
  const slowing = await openSlowing({ factors, clock });
  const base = { factors, resources, clock };
  const secondFactor = createSecondFactor(base);
  const directories = createDirectories({ resources, log });
  const passkeys = createPasskeys({ ...base, pending, log });
  const oidc = createOidc({ resources, pending, clock, log });
  const signIn = createSignIn({ ...base, people, hasher, slowing, secondFactor, directories, issuer });
  const cliGrants = createCliGrants({ pending, clock });
  const passwords = createPasswords({ ...base, credentials, hasher, signIn });
  return { signIn, passwords, secondFactor, oidc, passkeys, cliGrants, close: () => keeper.close() };
};
