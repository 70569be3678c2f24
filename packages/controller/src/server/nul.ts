// Owns the refusal of text that holds U+0000, in bodies, paths and queries: PostgreSQL does not store it, so no store is given
// any. Bytes (files, what commands print, the data of a Secret) may hold what they like. Kubernetes takes it in values.
import { ApiError, memberPath } from '@drover/api';
import type { FastifyInstance } from 'fastify';

const nul = '\0';
/** In JSON it can only be written so; what follows a backslash may be written so too, and is not it. */
export const nulInJson = '\\u0000';

const message = 'must not hold the character U+0000; bytes belong into a field that takes base64';

/** Path of the first text that holds it; undefined: none does. */
const pathOf = (value: unknown, path: string): string | undefined => {
  if (typeof value === 'string') return value.includes(nul) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const own = Array.isArray(value) ? `${path}[${key}]` : memberPath(path, key.replaceAll(nul, '\ufffd'));
    const found = key.includes(nul) ? own : pathOf(child, own);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** @throws ApiError Invalid, with the path of the field. */
export const refuseNul = (body: unknown): void => {
  const path = pathOf(body, '');
  if (path === undefined) return;
  const field = path === '' ? 'body' : path; // a body may be nothing but a text
  const cause = { reason: 'FieldValueInvalid', message, field };
  throw new ApiError('Invalid', `cannot take the body: ${field}: ${message}`, { causes: [cause] });
};

/** Addresses in which one is written. To be installed before what writes down who asked for what. */
export const refuseNulInAddresses = (app: FastifyInstance): void => {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (raw.url?.includes('%00') !== true) return done();
    done(new ApiError('BadRequest', 'cannot read the address: it must not hold the character U+0000 (%00)'));
  });
};
