// Owns /server-status: how the controller is, in figures and in words (drover server status, drover server doctor).
import type { ServerStatus } from '@drover/api';
import type { FastifyInstance } from 'fastify';
import { plainAccess } from '../access.ts';
import { judge } from '../status/judge.ts';
import { readFacts, type StatusSources } from '../status/read.ts';
import { addRoute } from './context.ts';

export const readStatus = async (sources: StatusSources): Promise<ServerStatus> => {
  const facts = await readFacts(sources);
  return { ...facts, checks: judge(facts) };
};

export const addServerStatusRoute = (app: FastifyInstance, sources: StatusSources): void => {
  addRoute(app, 'GET', '/server-status', plainAccess('get', 'server-status'), async () =>
    JSON.stringify(await readStatus(sources)),
  );
};
