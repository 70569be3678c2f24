// Owns who somebody is here whom a provider or directory vouches for.
// I1: an account there belongs to one User, found by what stays the same there (its subject), never by a name that
//     can be taken over. A User of the same name is taken for the same person only where the method says so, and the
//     first administrator never.
// I2: groups that it brings are those of the last sign-in, with the method's prefix; none begins with "system:".
import {
  ApiError,
  adminUser,
  isPersonName,
  type KubeObject,
  type Secret,
  type SignInMethod,
  secretKind,
  signInMethodKind,
  userKind,
} from '@drover/api';
import { newId } from '../../platform/ids.ts';
import type { Resources } from '../../resources/resources.ts';
import type { FactorStore } from '../../store/store.ts';
import { type StatusDeps, tellStatus } from './factor-rows.ts';
import { asUser } from './person.ts';
import type { Holder } from './second-factor.ts';

/** What a provider or directory says of somebody. */
export interface ExternalAccount {
  readonly subject: string;
  /** Becomes the name of a new user. */
  readonly name: string;
  readonly displayName?: string;
  readonly email?: string;
  readonly groups: readonly string[];
}

export interface Method {
  readonly name: string;
  readonly spec: SignInMethod['spec'];
}

// Stored objects have been validated by the schema of their kind.
const asMethod = ({ metadata, spec }: KubeObject): Method => ({
  name: metadata.name ?? '',
  spec: spec as SignInMethod['spec'],
});

/** Those in use, of one sort, by name. */
export const methodsWith = (resources: Pick<Resources, 'list'>, sort: 'oidc' | 'ldap'): readonly Method[] =>
  resources
    .list(signInMethodKind)
    .items.map(asMethod)
    .filter(({ spec }) => !spec.disabled && spec[sort] !== undefined);

/** The value that a method names. @throws ApiError ServiceUnavailable when it is not there. */
export const readSecretKey = (
  resources: Pick<Resources, 'find'>,
  ref: { readonly namespace: string; readonly name: string; readonly key: string },
): string => {
  const found = resources.find(secretKind, ref.namespace, ref.name) as unknown as Secret | undefined;
  const value = found?.data?.[ref.key];
  if (value !== undefined) return Buffer.from(value, 'base64').toString('utf8');
  throw new ApiError(
    'ServiceUnavailable',
    `cannot sign in: the secret ${ref.namespace}/${ref.name} has no "${ref.key}"; an administrator has to put it there`,
  );
};

interface Deps extends StatusDeps {
  readonly factors: Pick<FactorStore, 'of' | 'byKey' | 'add'>;
  readonly resources: Pick<Resources, 'find' | 'list' | 'create' | 'modify'>;
}

const maxGroups = 500;
const maxGroupLength = 256;

/** I2. */
const groupsOf = ({ spec }: Method, groups: readonly string[]): string[] =>
  [...new Set(groups.map((group) => `${spec.groupPrefix}${group}`))]
    .filter((group) => group.length <= maxGroupLength && !group.startsWith('system:'))
    .slice(0, maxGroups)
    .sort();

const refuse = (why: string): ApiError => new ApiError('Forbidden', `cannot sign in: ${why}`);

const holderOf = ({ metadata }: KubeObject): Holder => ({
  name: metadata.name ?? '',
  uid: metadata.uid ?? '',
});

/** A user that has this uid, whatever it is called now. */
const byUid = (resources: Pick<Resources, 'list'>, uid: string): Holder | undefined => {
  const found = resources.list(userKind).items.find(({ metadata }) => metadata.uid === uid);
  return found && holderOf(found);
};

const makeUser = async ({ resources }: Deps, account: ExternalAccount, name: string): Promise<Holder> => {
  const { displayName, email } = account;
  const spec = {
    ...(displayName === undefined ? {} : { displayName: displayName.slice(0, 200) }),
    ...(email === undefined || email.length > 254 ? {} : { email }),
  };
  return holderOf(await resources.create(userKind, '', { metadata: { name }, spec }));
};

/** I1, for an account that is seen for the first time. */
const findOrMake = async (deps: Deps, method: Method, account: ExternalAccount): Promise<Holder> => {
  const name = account.name.toLowerCase();
  if (!isPersonName(name)) throw refuse(`"${name.slice(0, 100)}" cannot be the name of a user`);
  const found = deps.resources.find(userKind, '', name);
  if (found === undefined) {
    if (method.spec.createUsers) return makeUser(deps, account, name);
    throw refuse(`there is no user "${name}", and ${method.name} makes none`);
  }
  const has = (asUser(found).status?.identities ?? []).some((one) => one.method === method.name);
  if (method.spec.linkUsers && !has && name !== adminUser) return holderOf(found);
  throw refuse(`there is a user "${name}" already, who is not known to be the same person`);
};

/** Whom the account signs in; the User's status then tells of it. @throws ApiError Forbidden. */
export const admitAccount = async (deps: Deps, method: Method, account: ExternalAccount): Promise<Holder> => {
  const key = `${method.name}/${account.subject}`;
  const row = await deps.factors.byKey('identity', key);
  const known = row && byUid(deps.resources, row.userUid);
  const person = known ?? (await findOrMake(deps, method, account));
  if (known === undefined)
    await deps.factors.add({
      id: newId(),
      userUid: person.uid,
      kind: 'identity',
      key,
      value: { method: method.name, subject: account.subject },
      createdAtMs: deps.clock.nowMs(),
      mark: 0,
      lastUsedMs: 0,
    });
  const rows = await deps.factors.of(person.uid);
  const identities = rows
    .filter(({ kind }) => kind === 'identity')
    .map(({ value }) => ({ method: String(value['method']), subject: String(value['subject']) }));
  await tellStatus(deps, person, { identities, externalGroups: groupsOf(method, account.groups) });
  return person;
};
