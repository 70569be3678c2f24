// Owns who may call which route: authentication and authorization happen here and nowhere else in the server.
// I1: every route declares its access; a route without one is refused when it is registered.
// I2: nothing of a request's body is read before its caller is known and allowed.
// I3: a request that is authenticated by cookie and is not a plain read must come from our own pages: Sec-Fetch-Site and
//     Origin must not say otherwise, and it carries the header X-Drover-Request, which a page of another site cannot
//     send without being asked for leave first (CORS), and nobody is given that. Forms and WebSockets cannot send it
//     either: the routes for them say so, and stand on the first two and on SameSite=Strict.
//     A browser sends a client certificate by itself, too: the first two are asked of such a request as well.
// I4: who acts as somebody else (Impersonate-User) may do so, and is then judged as that user only.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden } from '../auth/forbidden.ts';
import type { Identity } from '../auth/identity.ts';
import { actsAsOther, type DistinctHeaders, impersonate } from '../auth/impersonation.ts';
import type { Attributes, Verb } from '../auth/permissions.ts';
import { nextTurn } from '../platform/turn.ts';
import type { ServerAuth } from './deps.ts';
import type { Forwarder } from './forward.ts';
import type { ConnectionGuard } from './limits.ts';
import { first, isTrue, type Query } from './query.ts';

/** What is not a kind. */
export type PlainResource =
  | 'agents'
  | 'audit'
  | 'backups'
  | 'certificates'
  | 'content'
  | 'drain'
  | 'encryption'
  | 'join'
  | 'metrics'
  | 'recordings'
  | 'server-status'
  | 'support-bundle'
  | 'tokens';

export type Access =
  /** Answers anybody. */
  | { readonly kind: 'public' }
  /** Answers anybody who is somebody: discovery and the API's own description. */
  | {
      readonly kind: 'signed-in';
      /** A form of our own page may be sent to it (I3). */
      readonly takesForm?: true;
    }
  /** The kind is one that users defined; the path parameters group and plural say which. */
  | { readonly kind: 'custom'; readonly verb: Verb | 'read'; readonly subresource: string }
  | {
      readonly kind: 'resource';
      /** 'read': list, or watch when the query says so. */
      readonly verb: Verb | 'read';
      readonly resource: string;
      readonly subresource?: string;
      /** Not a kind: roles know it by method and path (nonResourceURLs). */
      readonly isPath?: true;
    };

/** A kind that users defined: the path names its group and its plural. */
export const customAccess = (verb: Verb | 'read', subresource = ''): Access => ({
  kind: 'custom',
  verb,
  subresource,
});

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

export const plainAccess = (verb: Verb, resource: PlainResource): Access => ({
  kind: 'resource',
  verb,
  resource,
  isPath: true,
});

const unauthorized = (certificate?: string): ApiError =>
  new ApiError(
    'Unauthorized',
    certificate === undefined
      ? 'cannot serve this request: not signed in; send a token (Authorization: Bearer ...) or sign in with a link'
      : 'cannot serve this request: the client certificate does not hold any more; make a new one, or sign in with a token',
  );

/** Sent by our own pages and programs with what they change (I3); any value. */
export const requestHeader = 'x-drover-request';

/** True when the page that makes the request is ours (or the client is not a browser page). */
export const isSameOrigin = (headers: IncomingHttpHeaders): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  return origin === undefined || origin === `https://${headers.host ?? ''}`;
};

export interface Caller {
  readonly headers: IncomingHttpHeaders;
  /** See client-certificate.ts. */
  readonly certificate: string | undefined;
  /** The same, each value by itself; asked of those only who act as somebody else. */
  readonly distinct: () => DistinctHeaders;
  readonly remoteAddress: string | undefined;
  /** True for requests without effect. */
  readonly reads: boolean;
  /** True where X-Drover-Request cannot be sent (I3). */
  readonly takesForm?: boolean;
  /** Told who it really is, before it is known whether they may do it this way, or as somebody else. */
  readonly onProven: (identity: Identity) => void;
}

const cameByCertificate = (identity: Identity): boolean =>
  identity.kind === 'user' && identity.credential?.startsWith('certificate/') === true;

/** I3. Throws Forbidden. */
const checkOwnPage = ({ headers, takesForm = false }: Caller, identity: Identity): void => {
  const isCertificate = cameByCertificate(identity);
  const what = isCertificate ? 'certificate' : 'cookie';
  if (!isSameOrigin(headers))
    throw new ApiError('Forbidden', `cannot accept a ${what} from a page of another site: use a token`);
  if (!isCertificate && !takesForm && headers[requestHeader] === undefined)
    throw new ApiError(
      'Forbidden',
      `cannot accept a cookie for a change without the header ${requestHeader}: add it, or use a token`,
    );
};

/**
 * Whom is the request to be judged as? Throws Unauthorized when nobody known, Forbidden for a cookie sent by a foreign page (I3)
 * or for who may not act as somebody else (I4), TooManyRequests for who guesses.
 */
export const identify = async (auth: ServerAuth, caller: Caller): Promise<Identity> => {
  const { headers, certificate, distinct, remoteAddress, reads, onProven } = caller;
  const { authorization, cookie } = headers;
  const identity = await auth.authenticate({ certificate, authorization, cookie, remoteAddress });
  if (identity === undefined) throw unauthorized(certificate);
  onProven(identity);
  if (!reads && (authorization === undefined || cameByCertificate(identity))) checkOwnPage(caller, identity);
  return actsAsOther(headers) ? impersonate(auth.authorize, identity, distinct()) : identity;
};

/** Throws Forbidden unless `identity` may. */
export const permit = (auth: ServerAuth, identity: Identity, attributes: Attributes): void => {
  const answer = auth.authorize(identity, attributes);
  if (!answer.allowed) throw forbidden(identity, attributes, answer.reason);
};

/** The one name that the field selector leaves; escapes do not narrow, since they are not read here. */
const nameSelected = (query: Query): string | undefined => {
  const text = first(query, 'fieldSelector') ?? '';
  if (text.includes('\\')) return undefined;
  const found = text.split(',').map((term) => /^\s*metadata\.name\s*==?([^=!]+)$/.exec(term)?.[1]);
  return found.find((name) => name !== undefined);
};

/** Paths that are no kind's: how nonResourceURLs of roles know them. */
const urlOf = (request: FastifyRequest): Pick<Attributes, 'url'> => ({
  url: { verb: request.method.toLowerCase(), path: request.url.split('?', 1)[0] ?? '' },
});

/** What a request to a route with this access asks for. */
export const attributesOf = (
  request: FastifyRequest,
  access: Extract<Access, { kind: 'resource' | 'custom' }>,
): Attributes => {
  // Fastify types both as unknown; the router always makes them records of strings.
  const params = request.params as Readonly<Record<string, string | undefined>>;
  const query = request.query as Query;
  const read: Verb = isTrue(query, 'watch') ? 'watch' : 'list';
  // A collection narrowed to one name counts as that name, as in Kubernetes.
  const narrowed = access.verb === 'read' ? nameSelected(query) : undefined;
  const name = params['name'] ?? narrowed ?? '';
  // A namespace is judged by the roles in it, as in Kubernetes.
  const resource =
    access.kind === 'custom' ? `${params['plural'] ?? ''}.${params['group'] ?? ''}` : access.resource;
  const isNamespace = resource === 'namespaces' && params['name'] !== undefined;
  return {
    verb: access.verb === 'read' ? read : access.verb,
    resource,
    subresource: access.subresource ?? '',
    namespace: isNamespace ? name : (params['namespace'] ?? ''),
    name,
    ...(access.kind === 'resource' && access.isPath === true ? urlOf(request) : {}),
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
  deps: {
    readonly auth: ServerAuth;
    readonly guard: ConnectionGuard;
    readonly forwarder: Pick<Forwarder, 'certificate'>;
  },
): void => {
  const { auth, guard, forwarder } = deps;
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
    const distinct = () => request.raw.headersDistinct;
    const takesForm = access.kind === 'signed-in' && access.takesForm === true;
    const onProven = (identity: Identity): void => {
      request.identity = identity;
    };
    const certificate = forwarder.certificate(request.raw);
    const caller = { headers, certificate, distinct, remoteAddress, reads, takesForm, onProven };
    await nextTurn();
    request.identity = await identify(auth, caller);
    guard.trust(request.socket);
    if (access.kind !== 'signed-in') permit(auth, request.identity, attributesOf(request, access));
  });
};
