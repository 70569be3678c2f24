// Owns /encryption: under which keys secrets are kept, and their change while the controller serves.
import { isAbsolute } from 'node:path';
import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { KeySource } from '../../store/sealing/key-source.ts';
import { plainAccess } from '../access.ts';
import { objectBody } from '../body.ts';
import { addRoute, type RouteContext } from './context.ts';

const invalid = (why: string): ApiError => new ApiError('Invalid', `cannot change the key: ${why}`);

/** A command is not taken from a request: what the controller runs is said where it is started. */
const kinds = { keyFile: 'file', passphraseFile: 'passphrase-file' } as const;

const isKind = (name: string): name is keyof typeof kinds => Object.hasOwn(kinds, name);

/** What the body of POST /encryption/rotate asks for; undefined: the key-encryption key stays. Throws Invalid. */
const sourceOf = (request: FastifyRequest): KeySource | undefined => {
  const [given, ...more] = Object.entries(objectBody(request));
  if (given === undefined) return undefined;
  const [name, path] = given;
  if (more.length > 0 || !isKind(name)) throw invalid('keyFile or passphraseFile may be given, nothing else');
  if (typeof path !== 'string' || !isAbsolute(path) || path.includes('\0'))
    throw invalid(`${name} must be an absolute path on the controller's machine`);
  return { kind: kinds[name], path };
};

export const addEncryptionRoutes = (app: FastifyInstance, { encryption }: RouteContext): void => {
  addRoute(app, 'GET', '/encryption', plainAccess('get', 'encryption'), async () =>
    JSON.stringify(await encryption.status()),
  );
  addRoute(app, 'POST', '/encryption/rotate', plainAccess('update', 'encryption'), async (request, reply) => {
    await encryption.rotate(sourceOf(request));
    reply.code(202);
    return JSON.stringify(await encryption.status());
  });
};
