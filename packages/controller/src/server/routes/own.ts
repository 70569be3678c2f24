// Owns what people do with their own sign-in: sessions, API tokens, client certificates, password, second factor.
// I1: only people, in their own name: no service account, nobody who acts as somebody else.
// I2: what has bounds (a token with a scope, a certificate with fewer groups, a session that waits for its second factor) makes nothing new and changes
//     nothing of how its owner signs in. A session that waits may enrol the second factor, and that is all it may.
// I3: changing how one signs in takes the password, where there is one: a session left open is not enough.
import { isIP } from 'node:net';
import { ApiError, serviceAccountOf } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Identity, UserIdentity } from '../../auth/identity.ts';
import { confirmedTotp } from '../../auth/people/factor-rows.ts';
import type { Holder } from '../../auth/people/second-factor.ts';
import { toTimestamp } from '../../platform/clock.ts';
import type { CredentialRow } from '../../store/store.ts';
import { identityOf, plainAccess } from '../access.ts';
import { tellEnded } from '../audit.ts';
import { objectBody } from '../body.ts';
import { siteOf } from './arrival.ts';
import { addRoute, parameter, type RouteContext, success } from './context.ts';
import { toCredentialView } from './credential-view.ts';
import { tokenWish } from './token-wish.ts';

const signedIn = { kind: 'signed-in' } as const;

const refuse = (what: string, why: string): ApiError => new ApiError('Forbidden', `cannot ${what}: ${why}`);

/** I1. */
const asPerson = (identity: Identity, what: string): UserIdentity => {
  if (identity.kind !== 'user' || serviceAccountOf(identity.name) !== undefined)
    throw refuse(what, 'only people have such things');
  // Otherwise a right to act as somebody for one request would become a secret that outlives it.
  if (identity.impersonator !== undefined) throw refuse(what, 'not while acting as somebody else');
  return identity;
};

/** I1, I2. */
export const asFreePerson = (identity: Identity, what: string): UserIdentity => {
  const person = asPerson(identity, what);
  if (person.scope !== undefined)
    throw refuse(what, 'not with a token, session or certificate that has bounds');
  return person;
};

const personOf = (request: FastifyRequest, what: string): UserIdentity => asPerson(identityOf(request), what);
const freePersonOf = (request: FastifyRequest, what: string): UserIdentity =>
  asFreePerson(identityOf(request), what);

/** Id of the session or token that has proved who they are. */
export const credentialIdOf = ({ credential = '' }: UserIdentity): string => credential.split('/')[1] ?? '';

/** Whether it is a session that may do nothing but enrol a second factor. */
export const waitsForFactor = (identity: Identity): boolean =>
  identity.kind === 'user' &&
  identity.scope?.rules?.length === 0 &&
  identity.credential?.startsWith('session/') === true;

/** The person as factors know them. @throws ApiError NotFound for the first administrator without an object. */
const holderOf = ({ name, uid = '' }: UserIdentity): Holder => {
  if (uid !== '') return { name, uid };
  throw new ApiError('NotFound', `cannot find the user "${name}": make the User object first`);
};

export const textOf = (body: Readonly<Record<string, unknown>>, name: string): string => {
  const value = body[name] ?? '';
  if (typeof value === 'string' && value.length <= 1_000) return value;
  throw new ApiError('Invalid', `cannot read ${name}: it must be a text of at most 1000 characters`);
};

const ownRow = async (
  { store }: RouteContext,
  { name }: UserIdentity,
  kind: CredentialRow['kind'],
  id: string,
): Promise<CredentialRow> => {
  const row = await store.credentials.byId(id);
  if (row !== undefined && row.user === name && row.kind === kind) return row;
  throw new ApiError('NotFound', `cannot find ${kind} ${id}: you have none with this id`);
};

/** Listing and revoking of one kind, under /auth/sessions, /auth/tokens or /auth/certificates. */
const addOwnList = (
  app: FastifyInstance,
  context: RouteContext,
  kind: Exclude<CredentialRow['kind'], 'link'>,
): void => {
  const { credentials } = context.store;
  const path = `/auth/${kind}s`;
  addRoute(app, 'GET', path, signedIn, async (request) => {
    const person = personOf(request, `list ${kind}s`);
    const rows = (await credentials.ofUser(person.name)).filter((row) => row.kind === kind);
    return JSON.stringify({ items: rows.map((row) => toCredentialView(row, credentialIdOf(person))) });
  });
  const one = `${path}/:id`;
  addRoute(app, 'DELETE', one, signedIn, async (request) => {
    const person = freePersonOf(request, `revoke a ${kind}`);
    const row = await ownRow(context, person, kind, parameter(request, 'id'));
    await credentials.remove(row.id);
    tellEnded(request, [row]);
    return success;
  });
};

const addSessions = (app: FastifyInstance, context: RouteContext): void => {
  const { credentials } = context.store;
  addOwnList(app, context, 'session');
  // All but the one that asks.
  addRoute(app, 'DELETE', '/auth/sessions', signedIn, async (request) => {
    const person = freePersonOf(request, 'revoke sessions');
    const others = (await credentials.ofUser(person.name)).filter(
      ({ kind, id }) => kind === 'session' && id !== credentialIdOf(person),
    );
    for (const { id } of others) await credentials.remove(id);
    tellEnded(request, others);
    return success;
  });
};

const addTokens = (app: FastifyInstance, context: RouteContext): void => {
  addOwnList(app, context, 'token');
  addRoute(app, 'POST', '/auth/tokens', plainAccess('create', 'tokens'), async (request, reply) => {
    const person = freePersonOf(request, 'make a token');
    const made = await context.auth.createToken(person.name, tokenWish(objectBody(request)));
    reply.code(201).header('cache-control', 'no-store');
    return JSON.stringify(made);
  });
};

/** As a token: only of one's own, with no more than one has. The key stays with who asks. */
const addCertificates = (app: FastifyInstance, context: RouteContext): void => {
  addOwnList(app, context, 'certificate');
  const access = plainAccess('create', 'certificates');
  addRoute(app, 'POST', '/auth/certificates', access, async (request, reply) => {
    const person = freePersonOf(request, 'make a certificate');
    const body = objectBody(request);
    const csrPem = typeof body['request'] === 'string' ? body['request'] : '';
    const name = await context.certificates.check(csrPem);
    if (name !== person.name)
      throw refuse(
        'make a certificate',
        `the request is for "${name}"; that takes a CertificateSigningRequest`,
      );
    const { expiresSeconds } = body;
    if (expiresSeconds !== undefined && typeof expiresSeconds !== 'number')
      throw new ApiError('Invalid', 'cannot make a certificate: expiresSeconds must be a number');
    const wish = { description: textOf(body, 'description'), lifeSeconds: expiresSeconds };
    const { certPem, id, expiresAtMs } = await context.certificates.issue(csrPem, wish);
    reply.code(201).header('cache-control', 'no-store');
    return JSON.stringify({ certificate: certPem, id, expiresAt: toTimestamp(expiresAtMs) });
  });
};

/** I3. */
export const asksPassword = async ({ store }: Pick<RouteContext, 'store'>, uid: string): Promise<boolean> =>
  (await store.factors.of(uid)).some(({ kind }) => kind === 'password');

/** I3. */
const checkPassword = async (
  context: RouteContext,
  request: FastifyRequest,
  person: Holder,
): Promise<void> => {
  if (!(await asksPassword(context, person.uid))) return;
  const password = textOf(objectBody(request), 'password');
  if (await context.people.signIn.isPassword(person, password, request.ip)) return;
  throw refuse('change how you sign in', 'the password is not right');
};

const addPassword = (app: FastifyInstance, { people }: RouteContext): void => {
  addRoute(app, 'POST', '/auth/password', signedIn, async (request) => {
    const person = freePersonOf(request, 'change the password');
    const body = objectBody(request);
    await people.passwords.change(holderOf(person), {
      current: textOf(body, 'current'),
      next: textOf(body, 'password'),
      address: request.ip,
      keep: credentialIdOf(person),
    });
    return success;
  });
};

/** A session that waits for its second factor may (I2), and needs no password: it was given just now. */
const enrollerOf = (request: FastifyRequest): { readonly person: UserIdentity; readonly waits: boolean } => {
  const person = personOf(request, 'enrol a second factor');
  const waits = waitsForFactor(person);
  if (person.scope !== undefined && !waits)
    throw refuse('enrol a second factor', 'not with a token that has bounds');
  return { person, waits };
};

const addSecondFactor = (app: FastifyInstance, context: RouteContext): void => {
  const { secondFactor } = context.people;
  addRoute(app, 'POST', '/auth/totp', signedIn, async (request, reply) => {
    const { person, waits } = enrollerOf(request);
    if (!waits) await checkPassword(context, request, holderOf(person));
    reply.code(201).header('cache-control', 'no-store');
    return JSON.stringify(await secondFactor.begin(holderOf(person), 'Drover'));
  });
  addRoute(app, 'POST', '/auth/totp/confirm', signedIn, async (request, reply) => {
    const { person } = enrollerOf(request);
    const code = textOf(objectBody(request), 'code');
    const recoveryCodes = await secondFactor.confirm(holderOf(person), code);
    reply.header('cache-control', 'no-store');
    return JSON.stringify({ recoveryCodes });
  });
  addRoute(app, 'POST', '/auth/totp/remove', signedIn, async (request) => {
    const person = freePersonOf(request, 'remove the second factor');
    await checkPassword(context, request, holderOf(person));
    await secondFactor.remove(holderOf(person));
    return success;
  });
};

const addPasskeys = (app: FastifyInstance, context: RouteContext): void => {
  const { passkeys } = context.people;
  addRoute(app, 'GET', '/auth/passkeys', signedIn, async (request) => {
    const person = personOf(request, 'list passkeys');
    const items = (await passkeys.list(holderOf(person))).map(({ id, name, createdAtMs, lastUsedMs }) => ({
      id,
      name,
      createdAt: toTimestamp(createdAtMs),
      lastUsedAt: lastUsedMs === 0 ? null : toTimestamp(lastUsedMs),
    }));
    return JSON.stringify({ items });
  });
  addRoute(app, 'POST', '/auth/passkeys/options', signedIn, async (request, reply) => {
    const { person, waits } = enrollerOf(request);
    if (!waits) await checkPassword(context, request, holderOf(person));
    reply.header('cache-control', 'no-store');
    return JSON.stringify(await passkeys.beginEnrol(holderOf(person), siteOf(request)));
  });
  addRoute(app, 'POST', '/auth/passkeys', signedIn, async (request) => {
    const { person } = enrollerOf(request);
    const body = objectBody(request);
    const { response } = body;
    if (typeof response !== 'object' || response === null)
      throw new ApiError('Invalid', 'cannot enrol the passkey: response must be an object');
    const wish = { name: textOf(body, 'name').slice(0, 100), response };
    await passkeys.finishEnrol(holderOf(person), siteOf(request), wish);
    return success;
  });
  addRoute(app, 'POST', '/auth/passkeys/:id/remove', signedIn, async (request) => {
    const person = freePersonOf(request, 'remove a passkey');
    await checkPassword(context, request, holderOf(person));
    await passkeys.remove(holderOf(person), parameter(request, 'id'));
    return success;
  });
};

/** Why this person can have no passkeys here; '': they can. */
const obstacleTo = (request: FastifyRequest, { uid = '', name }: UserIdentity): string => {
  if (uid === '') return `There is no User object "${name}" that could have passkeys: make it first.`;
  const { rpId } = siteOf(request);
  if (isIP(rpId.replace(/^\[|\]$/g, '')) === 0) return '';
  return `Browsers make passkeys for names only: open this page at the name of the controller, not at ${rpId}.`;
};

/** How the person signs in, as far as they may know: what the page of one's own account begins with. */
const addAccount = (app: FastifyInstance, { store }: RouteContext): void => {
  addRoute(app, 'GET', '/auth/account', signedIn, async (request, reply) => {
    const person = personOf(request, 'show your account');
    const rows = person.uid === undefined ? [] : await store.factors.of(person.uid);
    reply.header('cache-control', 'no-store');
    return JSON.stringify({
      user: person.name,
      password: rows.some(({ kind }) => kind === 'password'),
      totp: confirmedTotp(rows) !== undefined,
      recoveryCodes: rows.filter(({ kind }) => kind === 'recovery').length,
      waits: waitsForFactor(person),
      noPasskeys: obstacleTo(request, person),
    });
  });
};

export const addOwnRoutes = (app: FastifyInstance, context: RouteContext): void => {
  addAccount(app, context);
  addSessions(app, context);
  addTokens(app, context);
  addCertificates(app, context);
  addPassword(app, context);
  addSecondFactor(app, context);
  addPasskeys(app, context);
};
