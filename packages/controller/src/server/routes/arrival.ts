// Owns what is alike however somebody signs in: where they come from, and that nothing old is carried over.
import type { FastifyRequest } from 'fastify';
import type { Site } from '../../auth/people/passkeys.ts';
import type { RouteContext } from './context.ts';

const maxAgent = 200;

/** What the session's owner is shown of where it came from. */
export const originOf = (request: FastifyRequest) => ({
  address: request.ip,
  agent: (request.headers['user-agent'] ?? '').slice(0, maxAgent),
});

/** Where the browser believes itself to be: what a passkey is bound to is signed by the browser, and compared. */
export const siteOf = ({ headers, hostname }: FastifyRequest): Site => ({
  rpId: hostname,
  origin: `https://${headers.host ?? ''}`,
});

/** Ends the session that a browser brings along to signing in. */
export const endBroughtSession = async (
  { auth }: RouteContext,
  { headers }: FastifyRequest,
): Promise<void> => {
  if (headers.cookie !== undefined) await auth.signOut({ cookie: headers.cookie });
};
