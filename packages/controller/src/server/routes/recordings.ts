// Owns /recordings: what was seen in shells.
import type { FastifyInstance } from 'fastify';
import { plainAccess } from '../access.ts';
import { integer, queryOf } from '../query.ts';
import type { Recorder } from '../recorder.ts';
import { addRoute, parameter } from './context.ts';

const listed = 1_000;

export const addRecordingRoutes = (app: FastifyInstance, recorder: Recorder): void => {
  addRoute(app, 'GET', '/recordings', plainAccess('list', 'recordings'), async (request) => {
    const limit = integer(queryOf(request), 'limit', 10_000) || listed;
    return JSON.stringify({ items: await recorder.list(limit) });
  });
  addRoute(app, 'GET', '/recordings/:name', plainAccess('get', 'recordings'), async (request, reply) => {
    const { sizeBytes, data } = await recorder.read(parameter(request, 'name'));
    reply.type('application/x-asciicast').header('content-length', String(sizeBytes)).send(data);
    return undefined;
  });
};
