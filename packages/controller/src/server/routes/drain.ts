// Owns /drain: the controller is asked to stop in order, and how far it is.
import type { FastifyInstance } from 'fastify';
import { actorName } from '../../auth/identity.ts';
import { identityOf, plainAccess } from '../access.ts';
import { addRoute, type RouteContext } from './context.ts';

export const addDrainRoutes = (app: FastifyInstance, { drain }: RouteContext): void => {
  addRoute(app, 'GET', '/drain', plainAccess('get', 'drain'), async () => JSON.stringify(drain.status()));
  addRoute(app, 'POST', '/drain', plainAccess('create', 'drain'), async (request, reply) => {
    drain.begin(`asked for by ${actorName(identityOf(request))}`);
    reply.code(202);
    return JSON.stringify(drain.status());
  });
};
