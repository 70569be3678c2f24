// Owns /backups: how those by the clock stand, making one, and fetching the one that was made last. What opens it comes with the request and is
// kept nowhere.
import { createSecretKey } from 'node:crypto';
import { ApiError, type BackupsStatus } from '@drover/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BackupKey } from '../../store/backup/container.ts';
import { deriveKey, minPassphrase } from '../../store/sealing/key-source.ts';
import { identityOf, plainAccess } from '../access.ts';
import { objectBody } from '../body.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';

const invalid = (why: string): ApiError => new ApiError('Invalid', `cannot back up: ${why}`);

const keyBytes = 32;

/** What the body of POST /backups asks for. Throws Invalid, without quoting it. */
const keyOf = (request: FastifyRequest): BackupKey => {
  const { passphrase, key, ...more } = objectBody(request);
  if (Object.keys(more).length > 0 || (passphrase === undefined) === (key === undefined))
    throw invalid('either passphrase or key must be given, nothing else');
  if (typeof passphrase === 'string') {
    if ([...passphrase].length < minPassphrase || passphrase.length > 1_000)
      throw invalid(`passphrase must have ${minPassphrase} to 1000 characters`);
    return { isPassphrase: true, load: (salted) => deriveKey(passphrase, 'the passphrase', salted) };
  }
  const bytes = Buffer.from(typeof key === 'string' ? key : '', 'base64');
  if (bytes.length !== keyBytes) throw invalid('key must be the base64 of 32 bytes');
  return { isPassphrase: false, load: async () => createSecretKey(bytes) };
};

export const addBackupRoutes = (
  app: FastifyInstance,
  { backups, backupRoutine, store, cuts }: RouteContext,
): void => {
  addRoute(app, 'GET', '/backups', plainAccess('list', 'backups'), async () => {
    const none: BackupsStatus = { files: [] };
    return JSON.stringify((await backupRoutine?.status()) ?? none);
  });
  addRoute(app, 'POST', '/backups', plainAccess('create', 'backups'), async (request, reply) => {
    const key = keyOf(request);
    store.disk.check();
    request.ticket?.stay();
    const gone = new AbortController();
    const free = cuts.hold(identityOf(request), () => request.raw.socket.destroy());
    reply.raw.once('close', () => gone.abort());
    try {
      const info = await backups.make(key, gone.signal);
      reply.code(201).header('cache-control', 'no-store');
      return JSON.stringify(info);
    } finally {
      free();
    }
  });
  addRoute(app, 'GET', '/backups/:id', plainAccess('get', 'backups'), async (request, reply) => {
    const { name, sizeBytes, data } = await backups.read(parameter(request, 'id'));
    request.ticket?.stay();
    reply.raw.once(
      'close',
      cuts.hold(identityOf(request), () => request.raw.socket.destroy()),
    );
    reply
      .type('application/octet-stream')
      .header('content-length', String(sizeBytes))
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(data);
    return undefined;
  });
};
