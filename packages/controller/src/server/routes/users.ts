// Owns what administrators do with the sign-in of others: users/<name>/password, link, sessions, secondfactor, and
// serviceaccounts/<name>/credentials.
// I1: besides the right to the subresource, who takes somebody's place - a password, a link, no second factor any
//     more - has everything that they have (auth/rbac/person-guard.ts).
import { ApiError, resourceKey, serviceAccountKind, userKind } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Holder } from '../../auth/people/second-factor.ts';
import { toTokenUser } from '../../auth/service-account-token.ts';
import { identityOf, resourceAccess } from '../access.ts';
import { tellEnded } from '../audit.ts';
import { objectBody } from '../body.ts';
import { addRoute, parameter, type RouteContext, success } from './context.ts';
import { toCredentialView } from './credential-view.ts';
import { collectionPath } from './kinds.ts';

const key = resourceKey(userKind);
const path = `${collectionPath(userKind)}/:name`;
const maxLinkSeconds = 7 * 86_400;
const defaultLinkSeconds = 15 * 60;

/** Whom the path names. @throws ApiError NotFound. */
const holderOf = ({ resources }: RouteContext, request: FastifyRequest): Holder => {
  const { metadata } = resources.get(userKind, '', parameter(request, 'name'));
  return { name: metadata.name ?? '', uid: metadata.uid ?? '' };
};

/** I1. */
const replaceable = (context: RouteContext, request: FastifyRequest): Holder => {
  const person = holderOf(context, request);
  context.auth.checkMayReplace(identityOf(request), person.name);
  return person;
};

const addPassword = (app: FastifyInstance, context: RouteContext): void => {
  addRoute(app, 'PUT', `${path}/password`, resourceAccess('update', key, 'password'), async (request) => {
    const person = replaceable(context, request);
    const { password } = objectBody(request);
    if (typeof password !== 'string')
      throw new ApiError('Invalid', 'cannot set the password: password must be a text');
    await context.people.passwords.set(person, password);
    return success;
  });
  addRoute(app, 'DELETE', `${path}/password`, resourceAccess('delete', key, 'password'), async (request) => {
    await context.people.passwords.remove(replaceable(context, request));
    return success;
  });
};

const addLink = (app: FastifyInstance, context: RouteContext): void => {
  addRoute(app, 'POST', `${path}/link`, resourceAccess('create', key, 'link'), async (request, reply) => {
    const person = replaceable(context, request);
    const body = request.body === undefined ? {} : objectBody(request);
    const { expiresSeconds = defaultLinkSeconds } = body;
    const isTime = typeof expiresSeconds === 'number' && Number.isInteger(expiresSeconds);
    if (!isTime || expiresSeconds < 1 || expiresSeconds > maxLinkSeconds)
      throw new ApiError(
        'Invalid',
        `cannot make a link: expiresSeconds must be a whole number from 1 to ${maxLinkSeconds}`,
      );
    const link = await context.auth.createLink(person.name, expiresSeconds * 1000);
    reply.code(201).header('cache-control', 'no-store');
    return JSON.stringify({ path: `/sign-in?link=${link}`, address: context.address });
  });
};

interface Owners {
  /** The path of one of them. */
  readonly base: string;
  readonly resource: string;
  readonly subresource: string;
  /** CredentialRow.user of whom the path names. @throws ApiError NotFound. */
  readonly userOf: (request: FastifyRequest) => string;
}

/** What somebody signs in with, one by one or all at once: sessions, tokens, certificates. */
const addCredentials = (app: FastifyInstance, { store }: RouteContext, owners: Owners): void => {
  const { base, resource, subresource, userOf } = owners;
  const { credentials } = store;
  const all = `${base}/${subresource}`;
  const mayEnd = resourceAccess('delete', resource, subresource);
  const rowsOf = async (request: FastifyRequest) =>
    (await credentials.ofUser(userOf(request))).filter(({ kind }) => kind !== 'link');
  addRoute(app, 'GET', all, resourceAccess('get', resource, subresource), async (request) => {
    const rows = await rowsOf(request);
    const shown = rows.map((row) => ({ kind: row.kind, ...toCredentialView(row, '') }));
    return JSON.stringify({ items: shown });
  });
  // Links, too: whoever has been careless begins anew.
  addRoute(app, 'DELETE', all, mayEnd, async (request) => {
    const rows = await credentials.ofUser(userOf(request));
    for (const row of rows) await credentials.remove(row.id);
    tellEnded(request, rows);
    return success;
  });
  addRoute(app, 'DELETE', `${all}/:id`, mayEnd, async (request) => {
    const id = parameter(request, 'id');
    const found = (await rowsOf(request)).find((row) => row.id === id);
    if (found === undefined)
      throw new ApiError('NotFound', `cannot revoke ${id}: there is no such session, token or certificate`);
    await credentials.remove(id);
    tellEnded(request, [found]);
    return success;
  });
};

const addSessions = (app: FastifyInstance, context: RouteContext): void => {
  const { resources } = context;
  const userOf = (request: FastifyRequest): string => holderOf(context, request).name;
  addCredentials(app, context, { base: path, resource: key, subresource: 'sessions', userOf });
  addCredentials(app, context, {
    base: `${collectionPath(serviceAccountKind)}/:name`,
    resource: resourceKey(serviceAccountKind),
    subresource: 'credentials',
    userOf: (request) => {
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')];
      return toTokenUser(resources.get(serviceAccountKind, namespace, name));
    },
  });
};

const addSecondFactor = (app: FastifyInstance, context: RouteContext): void => {
  const access = resourceAccess('delete', key, 'secondfactor');
  addRoute(app, 'DELETE', `${path}/secondfactor`, access, async (request) => {
    await context.people.secondFactor.reset(replaceable(context, request));
    return success;
  });
};

export const addUserRoutes = (app: FastifyInstance, context: RouteContext): void => {
  addPassword(app, context);
  addLink(app, context);
  addSessions(app, context);
  addSecondFactor(app, context);
};
