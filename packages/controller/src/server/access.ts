// Owns who may call which route: authentication and authorization happen here and nowhere else in the server.
// I1: every route declares its access; a route without one is refused when it is registered.
// I2: nothing of a request's body is read before its caller is known and allowed.
// I3: a request that is authenticated by cookie and is not a plain read must come from our own pages.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Identity, identityName } from '../auth/identity.ts';
import type { Attributes, Verb } from '../auth/permissions.ts';
import type { ServerAuth } from './deps.ts';
import type { ConnectionGuard } from './limits.ts';
import { first, isTrue, type Query } from './query.ts';

/** Resources that are not kinds, named as RBAC rules will name them. */
export type PlainResource = 'agents' | 'audit' | 'content' | 'join' | 'metrics' | 'recordings' | 'tokens';

export type Access =
  /** Answers anybody. */
  | { readonly kind: 'public' }
  /** Answers anybody who is somebody: discovery and the API's own description. */
  | { readonly kind: 'signed-in' }
  | {
      readonly kind: 'resource';
      /** 'read': list, or watch when the query says so. */
      readonly verb: Verb | 'read';
      readonly resource: string;
      readonly subresource?: string;
    };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}

export const resourceAccess = (verb: Verb | 'read', resource: string, subresource = ''): Access => ({
  kind: 'resource',
  verb,
  resource,
  subresource,
});

export const plainAccess = (verb: Verb, resource: PlainResource): Access => resourceAccess(verb, resource);

const unauthorized = (): ApiError =>
  new ApiError(
    'Unauthorized',
    'cannot serve this request: not signed in; send a token (Authorization: Bearer ...) or sign in with a link',
  );

const forbidden = (identity: Identity, a: Attributes, reason: string): ApiError =>
  new ApiError(
    'Forbidden',
    `cannot ${a.verb} ${a.resource}${a.subresource ? `/${a.subresource}` : ''}${a.name ? ` "${a.name}"` : ''}: ${identityName(identity)} may not${reason === '' ? '' : ` (${reason})`}`,
    { name: a.name ?? '', kind: a.resource },
  );

/** True when the page that makes the request is ours (or the client is not a browser page). */
const isSameOrigin = (headers: IncomingHttpHeaders): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  return origin === undefined || origin === `https://${headers.host ?? ''}`;
};

export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  /** True for requests without effect. */
  readonly reads: boolean;
}

/**
 * Who is asking? Throws Unauthorized when nobody known, Forbidden for a cookie sent by a foreign page (I3),
 * TooManyRequests for who guesses.
 */
export const identify = async (
  auth: ServerAuth,
  { headers, remoteAddress, reads }: Caller,
): Promise<Identity> => {
  const { authorization, cookie } = headers;
  const identity = await auth.authenticate({ authorization, cookie, remoteAddress });
  if (identity === undefined) throw unauthorized();
  if (authorization === undefined && !reads && !isSameOrigin(headers)) {
    throw new ApiError('Forbidden', 'cannot accept a cookie from a page of another site: use a token');
  }
  return identity;
};

/** Throws Forbidden unless `identity` may. */
export const permit = (auth: ServerAuth, identity: Identity, attributes: Attributes): void => {
  const answer = auth.authorize(identity, attributes);
  if (!answer.allowed) throw forbidden(identity, attributes, answer.reason);
};

const nameSelected = (query: Query): string | undefined =>
  /^metadata\.name==?([^,=!]+)$/.exec(first(query, 'fieldSelector') ?? '')?.[1];

/** What a request to a route with this access asks for. */
export const attributesOf = (
  request: FastifyRequest,
  access: Extract<Access, { kind: 'resource' }>,
): Attributes => {
  // Fastify types both as unknown; the router always makes them records of strings.
  const params = request.params as Readonly<Record<string, string | undefined>>;
  const query = request.query as Query;
  const read: Verb = isTrue(query, 'watch') ? 'watch' : 'list';
  // A collection narrowed to one name counts as that name, as in Kubernetes.
  const narrowed = access.verb === 'read' ? nameSelected(query) : undefined;
  return {
    verb: access.verb === 'read' ? read : access.verb,
    resource: access.resource,
    subresource: access.subresource ?? '',
    namespace: params['namespace'] ?? '',
    name: params['name'] ?? narrowed ?? '',
  };
};

/** Whom the request comes from; only for routes whose access is not public. */
export const identityOf = (request: FastifyRequest): Identity => {
  if (request.identity === null) throw unauthorized();
  return request.identity;
};

/** Installs I1 and I2 on the application; call before any route is registered. */
export const installAccess = (
  app: FastifyInstance,
  { auth, guard }: { readonly auth: ServerAuth; readonly guard: ConnectionGuard },
): void => {
  app.decorateRequest('identity', null);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(`route ${String(route.method)} ${route.url} declares no access (server/access.ts I1)`);
    }
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access;
    // Only the answer "no such route" has none.
    if (access === undefined || access.kind === 'public') return;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const { headers, ip: remoteAddress } = request;
    request.identity = await identify(auth, { headers, remoteAddress, reads });
    guard.trust(request.socket);
    if (access.kind === 'resource') permit(auth, request.identity, attributesOf(request, access));
  });
};
