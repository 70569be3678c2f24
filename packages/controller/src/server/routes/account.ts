// Owns the script of our pages, and the address of one's own account that everybody is told: it is a page of the console.
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { prefixOf } from '../page-view.ts';
import { scriptPath, seeOther } from '../pages.ts';
import { addRoute, type RouteContext } from './context.ts';

const scriptFile = new URL('../browser/sign-in.mjs', import.meta.url);

export const addAccountRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  const script = await readFile(scriptFile, 'utf8');
  addRoute(app, 'GET', scriptPath, { kind: 'public' }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache').type('text/javascript; charset=utf-8');
    return script;
  });
  // The console leads who is not signed in to the sign-in page; without a console the first page says what can be done.
  const where = context.console === undefined ? '/' : '/console/account';
  addRoute(app, 'GET', '/account', { kind: 'public' }, async (request, reply) =>
    seeOther(reply, `${prefixOf(request)}${where}`),
  );
};
