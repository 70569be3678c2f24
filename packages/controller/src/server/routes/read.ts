// Owns get, list and watch over any kind.
import { ApiError, type Kind, toStatus } from '@drover/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WatchEvent } from '../../resources/resources.ts';
import { createEncoder, type Encoder, includeObjectOf } from '../encode.ts';
import { representationOf } from '../negotiate.ts';
import { checkFreshness, isTrue, listOptions, queryOf, watchOptions } from '../query.ts';
import type { Stream } from '../streams.ts';
import { type Handler, parameter, type RouteContext } from './context.ts';

const encoderOf = (context: RouteContext, kind: Kind, request: FastifyRequest): Encoder =>
  createEncoder(representationOf(request), {
    kind,
    clock: context.clock,
    includeObject: includeObjectOf(queryOf(request)),
  });

const list = (context: RouteContext, kind: Kind, request: FastifyRequest): string => {
  const query = queryOf(request);
  if (query['continue'] === undefined) checkFreshness(query, context.resources.revision());
  const encoder = encoderOf(context, kind, request);
  return encoder.list(context.resources.list(kind, listOptions(query, parameter(request, 'namespace'))));
};

/** Events until the watch ends; a refusal on the way is an ERROR event with a Status, as Kubernetes sends it. */
const writeEvents = async (
  events: AsyncIterable<WatchEvent>,
  encoder: Encoder,
  stream: Stream,
): Promise<void> => {
  try {
    for await (const { type, object } of events) {
      await stream.write(encoder.event(type, object));
      if (stream.signal.aborted) return;
    }
  } catch (error) {
    if (stream.signal.aborted || !(error instanceof ApiError)) throw error;
    await stream.write(`${JSON.stringify({ type: 'ERROR', object: toStatus(error) })}\n`);
  }
};

const watch = async (
  context: RouteContext,
  kind: Kind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const query = queryOf(request);
  const encoder = encoderOf(context, kind, request);
  const stop = new AbortController();
  const finish = new AbortController();
  // It begins before the answer does, so that a mistake, or a version that is too old, is an ordinary refusal.
  const options = watchOptions(query, parameter(request, 'namespace'), stop.signal);
  const events = context.resources.watch(kind, { ...options, finish: finish.signal });
  const settings = {
    contentType: 'application/json',
    slowMs: context.limits.slowWatchMs,
    mayEndAnyTime: true,
  };
  await context.streams.run(reply, settings, (stream) => {
    stream.signal.addEventListener('abort', () => stop.abort());
    stream.ending.addEventListener('abort', () => finish.abort());
    if (stream.signal.aborted) stop.abort();
    return writeEvents(events, encoder, stream);
  });
  return undefined;
};

export const readHandlers = (
  context: RouteContext,
  kind: Kind,
): { readonly collection: Handler; readonly one: Handler } => ({
  collection: async (request, reply) =>
    isTrue(queryOf(request), 'watch') ? watch(context, kind, request, reply) : list(context, kind, request),
  one: async (request) => {
    const encoder = encoderOf(context, kind, request);
    return encoder.one(
      context.resources.get(kind, parameter(request, 'namespace'), parameter(request, 'name')),
    );
  },
});
