// Owns the answer to a method that a known path does not have: 405 with Allow, instead of "no such path".
import { ApiError } from '@drover/api';
import type { FastifyInstance, HTTPMethods } from 'fastify';

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

const refuse = (app: FastifyInstance, url: string, known: ReadonlySet<string>): void => {
  const allow = [...known].join(', ');
  app.route({
    method: methods.filter((method) => !known.has(method)),
    url,
    config: { access: { kind: 'signed-in' } },
    handler: async (request, reply) => {
      reply.header('allow', allow);
      throw new ApiError('MethodNotAllowed', `cannot ${request.method} this path: it takes ${allow}`);
    },
  });
};

/** Notes what is added from now on; the function it returns, called last, fills the gaps. */
export const watchMethods = (app: FastifyInstance): (() => void) => {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const at = known.get(url) ?? new Set();
    for (const each of [method].flat()) at.add(each);
    known.set(url, at);
  });
  return () => {
    for (const [url, at] of [...known]) if (at.size < methods.length) refuse(app, url, new Set(at));
  };
};
