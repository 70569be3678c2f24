// Owns the answer to a shell that is asked for without an upgrade: whether one would be opened, and else why not. A page
// cannot see the answer that refuses its WebSocket, and asks again this way. Nothing is opened, and nothing noted.
import { nodeKind } from '@drover/api';
import type { FastifyInstance } from 'fastify';
import { identityOf, resourceAccess } from '../access.ts';
import { parseShellRequest } from '../shell.ts';
import { askPolicies } from '../shell-policy.ts';
import { addRoute, type RouteContext, success } from './context.ts';

export const addShellRoute = (app: FastifyInstance, context: RouteContext): void => {
  const access = resourceAccess('create', 'nodes', 'shell');
  addRoute(app, 'GET', '/api/v1/nodes/:name/shell', access, async (request) => {
    const wish = parseShellRequest(request.url);
    const identity = identityOf(request);
    context.resources.get(nodeKind, '', wish.node);
    context.runPolicies.checkShell(identity, wish);
    await askPolicies(context.auth, identity, wish, {});
    return success;
  });
};
