// Owns the paths that are neither Kubernetes' nor bulk facts: sign-in, tokens, joining, agents, content, recordings.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, type KubeObject, nodeKind, serviceAccountOf } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { identityOf, plainAccess } from '../access.ts';
import { recordBefore } from '../audit.ts';
import { objectBody } from '../body.ts';
import { pageType, signInFailedPage } from '../pages.ts';
import { first, queryOf } from '../query.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';

/** A content transfer may take hours, but not without a byte for this long. */
const contentIdleMs = 60_000;
const success = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 200,
});

/** What the body of POST /auth/tokens asks for. Throws Invalid. */
const tokenWish = (request: FastifyRequest) => {
  const { description = '', expiresSeconds } = objectBody(request);
  if (typeof description !== 'string' || description.length > 1_000) {
    throw new ApiError(
      'Invalid',
      'cannot make a token: description must be a text of at most 1000 characters',
    );
  }
  if (expiresSeconds === undefined) return { description };
  if (typeof expiresSeconds === 'number') return { description, expiresSeconds };
  throw new ApiError('Invalid', 'cannot make a token: expiresSeconds must be a number (0: never)');
};

const addSignIn = (app: FastifyInstance, { auth }: RouteContext): void => {
  addRoute(app, 'GET', '/sign-in', { kind: 'public' }, async (request, reply) => {
    const link = first(queryOf(request), 'link');
    const session = link === undefined ? undefined : await auth.takeLink(link);
    reply.header('cache-control', 'no-store').type(pageType);
    if (session === undefined) {
      reply.code(401);
      return signInFailedPage;
    }
    reply.code(303).header('set-cookie', session.cookie).header('location', '/');
    return '';
  });
  addRoute(app, 'POST', '/auth/sign-out', { kind: 'signed-in' }, async (request, reply) => {
    const { authorization, cookie } = request.headers;
    const forgotten = await auth.signOut({ authorization, cookie });
    reply.header('set-cookie', forgotten.cookie);
    return success;
  });
  addRoute(app, 'POST', '/auth/tokens', plainAccess('create', 'tokens'), async (request, reply) => {
    const identity = identityOf(request);
    if (identity.kind !== 'user' || serviceAccountOf(identity.name) !== undefined)
      throw new ApiError('Forbidden', 'cannot make a token: only people have such tokens');
    // Otherwise a right to act as somebody for one request would become a secret that outlives it.
    if (identity.impersonator !== undefined)
      throw new ApiError('Forbidden', 'cannot make a token: not while acting as somebody else');
    const { token } = await auth.createToken(identity.name, tokenWish(request));
    reply.code(201).header('cache-control', 'no-store');
    return JSON.stringify({ token });
  });
};

const addJoin = (app: FastifyInstance, { joinInfo }: RouteContext): void => {
  addRoute(app, 'GET', '/join/ca.pem', { kind: 'public' }, async (_request, reply) => {
    reply.type('application/x-pem-file');
    return joinInfo.caPem;
  });
  addRoute(app, 'GET', '/join/agent.py', { kind: 'public' }, async (_request, reply) => {
    reply.type('text/x-python; charset=utf-8').send(await joinInfo.agentFile());
    return undefined;
  });
  // A server dials the agent port at the name by which it reached us: each network may know us by another.
  addRoute(app, 'GET', '/join/config', plainAccess('get', 'join'), async (request) =>
    JSON.stringify({ ...joinInfo.config, agentHost: request.hostname.replace(/^\[(.*)\]$/, '$1') }),
  );
};

const addAgents = (app: FastifyInstance, context: RouteContext): void => {
  const node = (name: string): KubeObject => context.resources.get(nodeKind, '', name);
  addRoute(app, 'POST', '/agents/:name/update', plainAccess('update', 'agents'), async (request) => {
    const name = parameter(request, 'name');
    node(name);
    await context.updateAgent(name);
    return success;
  });
  addRoute(app, 'POST', '/agents/:name/uninstall', plainAccess('delete', 'agents'), async (request) => {
    const name = parameter(request, 'name');
    node(name);
    await context.uninstallAgent(name);
    return success;
  });
};

/** Until the answer is done; after it the timeout of kept-alive connections, which node sets itself, is in force. */
const endWhenIdle = (socket: Socket, answer: ServerResponse): void => {
  const cut = (): void => void socket.destroy();
  socket.setTimeout(contentIdleMs).on('timeout', cut);
  answer.once('close', () => socket.off('timeout', cut));
};

/** Content handles its own bytes: the body is not read here, and the answer is not ours. */
const addContent = async (app: FastifyInstance, { content }: RouteContext): Promise<void> => {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    const verbs = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update' } as const;
    for (const method of ['GET', 'HEAD', 'POST', 'PUT'] as const) {
      addRoute(scope, method, '/content/*', plainAccess(verbs[method], 'content'), async (request, reply) => {
        await recordBefore(request);
        reply.hijack();
        endWhenIdle(request.raw.socket, reply.raw);
        content(request.raw, reply.raw);
        return undefined;
      });
    }
  });
};

export const addOperationRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  addSignIn(app, context);
  addJoin(app, context);
  addAgents(app, context);
  await addContent(app, context);
};
