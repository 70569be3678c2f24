// Owns the paths that are neither Kubernetes' nor bulk facts nor about people: joining, agents, content.
import { ApiError, type KubeObject, nodeKind, parseSigned, type Signed } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { identityOf, plainAccess } from '../access.ts';
import { recordBefore } from '../audit.ts';
import { objectBody } from '../body.ts';
import { addRoute, type Handler, parameter, type RouteContext, success } from './context.ts';

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

/** What operators have signed of an update; undefined without a body. Throws Invalid. */
const signedOf = (request: FastifyRequest): Signed | undefined => {
  if (request.body === undefined || request.body === null) return undefined;
  const { signed, ...more } = objectBody(request);
  const [unknown] = Object.keys(more);
  if (unknown !== undefined)
    throw new ApiError('Invalid', `cannot update the agent: ${unknown.slice(0, 100)} is not a field of it`);
  return signed === undefined ? undefined : parseSigned(signed);
};

const addAgents = (app: FastifyInstance, context: RouteContext): void => {
  const node = (name: string): KubeObject => context.resources.get(nodeKind, '', name);
  const needs = { needsSession: true } as const;
  const update = plainAccess('update', 'agents');
  const uninstall = plainAccess('delete', 'agents');
  const answerUpdate: Handler = async (request) => {
    const name = parameter(request, 'name');
    node(name);
    await context.updateAgent(name, signedOf(request));
    return success;
  };
  const answerUninstall: Handler = async (request) => {
    const name = parameter(request, 'name');
    node(name);
    await context.uninstallAgent(name);
    return success;
  };
  addRoute(app, 'POST', '/agents/:name/update', update, answerUpdate, needs);
  addRoute(app, 'POST', '/agents/:name/uninstall', uninstall, answerUninstall, needs);
};

/** Content handles its own bytes: the body is not read here, and the answer is not ours. */
const addContent = async (app: FastifyInstance, { content, cuts, limits }: RouteContext): Promise<void> => {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    const verbs = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update' } as const;
    for (const method of ['GET', 'HEAD', 'POST', 'PUT'] as const) {
      addRoute(scope, method, '/content/*', plainAccess(verbs[method], 'content'), async (request, reply) => {
        request.ticket?.stay();
        await recordBefore(request);
        reply.hijack();
        // Node closes a connection whose time is over, and sets that of kept-alive ones itself when the answer is done.
        request.raw.socket.setTimeout(limits.contentIdleMs);
        reply.raw.once(
          'close',
          cuts.hold(identityOf(request), () => request.raw.socket.destroy()),
        );
        content(request.raw, reply.raw);
        return undefined;
      });
    }
  });
};

export const addOperationRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  addJoin(app, context);
  addAgents(app, context);
  await addContent(app, context);
};
