// Owns the paths of the console: /console/ and every page below it, which are one file to us, and its assets.

import { ApiError } from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ConsoleFiles } from '../console-files.ts';
import { prefixOf } from '../page-view.ts';
import { showPage } from '../pages.ts';
import { addRoute } from './context.ts';

const maxAgeSeconds = 31_536_000;

const encodingOf = ({ headers }: FastifyRequest): '' | 'br' | 'gzip' => {
  const accepted = String(headers['accept-encoding'] ?? '');
  if (/\bbr\b/.test(accepted)) return 'br';
  return /\bgzip\b/.test(accepted) ? 'gzip' : '';
};

const sendFile = async (
  { console }: { readonly console: ConsoleFiles },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const path = (request.params as { readonly '*': string })['*'];
  const file = console.file(`assets/${path}`);
  if (file === undefined)
    throw new ApiError(
      'NotFound',
      'cannot find this file of the console: reload the page, it is of an earlier version',
    );
  const encoding = encodingOf(request);
  const bytes = await file.encoded(encoding);
  reply.type(file.type).header('cache-control', `public, max-age=${maxAgeSeconds}, immutable`);
  reply.header('vary', 'accept-encoding');
  if (encoding !== '' && /^text|svg/.test(file.type)) reply.header('content-encoding', encoding);
  await reply.send(bytes);
  return undefined;
};

export const addConsoleRoutes = (app: FastifyInstance, console: ConsoleFiles | undefined): void => {
  if (console === undefined) return;
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<string> =>
    showPage(reply, 200, console.page(prefixOf(request)));
  addRoute(app, 'GET', '/console', { kind: 'public' }, show);
  addRoute(app, 'GET', '/console/assets/*', { kind: 'public' }, (request, reply) =>
    sendFile({ console }, request, reply),
  );
  addRoute(app, 'GET', '/console/*', { kind: 'public' }, show);
};
