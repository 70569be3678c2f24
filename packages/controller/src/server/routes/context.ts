// Owns what every group of routes is given, and the one way in which a route is added.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type Reason } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../access.ts';
import { runAudited } from '../audit.ts';
import type { Cuts } from '../cuts.ts';
import type { Limits, ServerOptions } from '../deps.ts';
import type { Streams } from '../streams.ts';

export interface RouteContext extends Omit<ServerOptions, 'limits' | 'content'> {
  readonly content: (request: IncomingMessage, response: ServerResponse) => void;
  readonly limits: Limits;
  readonly streams: Streams;
  readonly cuts: Cuts;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The answer's text (JSON unless the handler set a type), or undefined when the handler has answered itself. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<string | undefined>;

declare module 'fastify' {
  interface FastifyInstance {
    /** Resolves when all that other controllers had written has been heard; to false where there are none. */
    catchUp(): Promise<boolean>;
  }
}

const behind: readonly Reason[] = ['NotFound', 'Conflict', 'Expired', 'Timeout'];

/** What a client has just made, read or changed at another controller may not have been heard of here yet. */
const mayBeBehind = (error: unknown): boolean => error instanceof ApiError && behind.includes(error.reason);

/** `needsSession`: see server/forward.ts. */
export const addRoute = (
  app: FastifyInstance,
  method: Method | readonly Method[],
  url: string,
  access: Access,
  handler: Handler,
  needs: { readonly needsSession?: true } = {},
): void => {
  app.route({
    method: typeof method === 'string' ? method : [...method],
    url,
    config: { access, ...needs },
    handler: async (request, reply) => {
      const answer = () => runAudited(request, () => handler(request, reply));
      const text = await answer().catch(async (error: unknown) => {
        if (!mayBeBehind(error) || reply.sent || !(await request.server.catchUp())) throw error;
        return answer();
      });
      if (text === undefined) return reply;
      if (!reply.hasHeader('content-type')) reply.type('application/json');
      return reply.send(text);
    },
  });
};

/** A path parameter; the router has made sure that it is there. */
export const parameter = (request: FastifyRequest, name: string): string =>
  (request.params as Readonly<Record<string, string | undefined>>)[name] ?? '';

/** Adds `Warning: 299 - "..."` as Kubernetes does; at most 20, each at most 300 characters. */
export const warner = (reply: FastifyReply): ((message: string) => void) => {
  const had = reply.getHeader('warning');
  const warnings: string[] = Array.isArray(had) ? [...had] : [];
  return (message) => {
    if (warnings.length >= 20) return;
    const text = message
      .slice(0, 300)
      .replace(/[^\x20-\x7e]/g, '?')
      .replace(/["\\]/g, '\\$&');
    warnings.push(`299 - "${text}"`);
    reply.header('warning', warnings);
  };
};

/** The answer of what has nothing to tell but that it was done. */
export const success = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 200,
});
