// The routes that a real server has registered, for tests that are about all of them: what is added later is in them too.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import type { Access } from './access.ts';
import type { ServerOptions } from './deps.ts';
import { type Ground, openGround } from './test-ground.ts';

export interface Route {
  readonly method: string;
  /** With its parameters, as /recordings/:name. */
  readonly url: string;
  readonly access: Access;
}

/** Fastify tells of each application that is made (its documentation: Diagnostics Channel Hooks). */
const channel = 'fastify.initialization';

/** "This path does not take that method" (routes/methods.ts). */
const isRefusal = (method: string | readonly string[], access: Access): boolean =>
  typeof method !== 'string' && access.kind === 'signed-in';

export const openGroundWithRoutes = async (
  changes: Partial<ServerOptions> = {},
): Promise<Ground & { readonly routes: readonly Route[] }> => {
  const routes: Route[] = [];
  const listen = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url, config }) => {
      const access = config?.access;
      if (access === undefined || isRefusal(method, access)) return;
      for (const one of [method].flat()) routes.push({ method: one, url, access });
    });
  };
  subscribe(channel, listen);
  try {
    return { ...(await openGround(changes)), routes };
  } finally {
    unsubscribe(channel, listen);
  }
};
