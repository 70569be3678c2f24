// Owns /support-bundle: what helps to find a fault, and no secret, in one archive that is put together as it is sent.
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { endOfTar, tarHeader, tarPadding } from '@drover/api/tar';
import type { FastifyInstance } from 'fastify';
import { toTimestamp } from '../../platform/clock.ts';
import { identityOf, plainAccess } from '../access.ts';
import type { StatusSources } from '../status/read.ts';
import { type BundleFile, type BundleSources, readBundle } from '../support-bundle/contents.ts';
import { addRoute, type RouteContext } from './context.ts';
import { readStatus } from './server-status.ts';

/** What is read anew for each bundle, but once only: measures begin again with each reading. */
const once = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let value: Promise<T> | undefined;
  return () => {
    value ??= read();
    return value;
  };
};

async function* toTar(
  folder: string,
  files: AsyncIterable<BundleFile>,
  mtimeMs: number,
): AsyncGenerator<Uint8Array> {
  for await (const { name, data } of files) {
    const sizeBytes = data.length;
    yield tarHeader({ name: `${folder}/${name}`, type: '0', sizeBytes, mode: '0600', mtimeMs });
    yield data;
    yield tarPadding(sizeBytes);
  }
  yield new Uint8Array(endOfTar);
}

export const addSupportBundleRoute = (app: FastifyInstance, context: RouteContext & StatusSources): void => {
  const { resources, store, configuration, dataDir, clock, cuts, log } = context;
  addRoute(
    app,
    'POST',
    '/support-bundle',
    plainAccess('create', 'support-bundle'),
    async (request, reply) => {
      const nowMs = clock.nowMs();
      const madeAt = toTimestamp(nowMs);
      const name = `drover-support-${madeAt.replace(/[:-]/g, '')}`;
      const gone = new AbortController();
      const free = cuts.hold(identityOf(request), () => request.raw.socket.destroy());
      reply.raw.once('close', () => {
        free();
        gone.abort();
      });
      const metrics = once(context.metrics);
      const sources: BundleSources = {
        resources,
        audit: store.audit,
        configuration,
        dataDir,
        metrics,
        status: () => readStatus({ ...context, metrics }),
      };
      const files = readBundle(sources, madeAt, gone.signal);
      const archive = pipeline(toTar(name, files, nowMs), createGzip(), (error) => {
        if (error && !gone.signal.aborted) log.error({ err: error }, 'a support bundle broke off');
      });
      reply
        .type('application/gzip')
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="${name}.tar.gz"`)
        .send(archive);
      return undefined;
    },
  );
};
