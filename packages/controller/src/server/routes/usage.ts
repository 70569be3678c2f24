// Owns the paths of metrics.k8s.io: what nodes use now, to be got, listed and watched (usage.ts).
// I1: a watcher is told at most once in `tellMs`: of many nodes together, and of one only what is newest.
// I2: a watch from a version of another process is refused as Expired: it cannot be known what was missed.
import {
  ApiError,
  apiVersionOf,
  type KubeObject,
  nodeKind,
  nodeMetricsKind,
  parseFieldSelector,
  parseLabelSelector,
  resourceKey,
} from '@drover/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pause } from '../../platform/pause.ts';
import { resourceAccess } from '../access.ts';
import { createEncoder, type Encoder, includeObjectOf } from '../encode.ts';
import { representationOf } from '../negotiate.ts';
import { isTrue, listOptions, queryOf, watchOptions } from '../query.ts';
import type { Stream } from '../streams.ts';
import type { Change, Usage } from '../usage.ts';
import { addRoute, parameter, type RouteContext } from './context.ts';

const tellMs = 1_000;

type UsageContext = RouteContext & { readonly usage: Usage };

const encoderOf = ({ clock }: RouteContext, request: FastifyRequest): Encoder =>
  createEncoder(representationOf(request), {
    kind: nodeMetricsKind,
    clock,
    includeObject: includeObjectOf(queryOf(request)),
  });

const list = (context: UsageContext, request: FastifyRequest): string => {
  const { items, ...meta } = context.resources.list(nodeKind, listOptions(queryOf(request), ''));
  const used = items.map(context.usage.of).filter((one) => one !== undefined);
  const resourceVersion = String(context.usage.version());
  return encoderOf(context, request).list({ ...meta, resourceVersion, items: used });
};

const one = (context: UsageContext, request: FastifyRequest): string => {
  const name = parameter(request, 'name');
  const found = context.usage.of(context.resources.get(nodeKind, '', name));
  if (found !== undefined) return encoderOf(context, request).one(found);
  throw new ApiError(
    'NotFound',
    `cannot tell what node ${name} uses: its agent is not connected, or has sent no heartbeat yet`,
    { name, group: nodeMetricsKind.group, kind: nodeMetricsKind.plural },
  );
};

interface Wish {
  /** 0: all that there is comes first. */
  readonly from: number;
  readonly bookmark: boolean;
  readonly matches: (object: KubeObject) => boolean;
  readonly timeoutMs: number;
}

const wishOf = ({ usage }: UsageContext, request: FastifyRequest): Wish => {
  const options = watchOptions(queryOf(request), '', new AbortController().signal);
  const { resourceVersion = '0', sendInitialEvents = false, timeoutMs = 0 } = options;
  const from = Number(resourceVersion);
  // I2
  if (from !== 0 && !(from >= usage.firstVersion))
    throw new ApiError(
      'Expired',
      `cannot watch from version ${resourceVersion.slice(0, 50)}: it is not kept; list anew`,
    );
  const isLabelled = parseLabelSelector(options.labelSelector ?? '');
  const isSelected = parseFieldSelector(options.fieldSelector ?? '', nodeMetricsKind);
  return {
    from,
    bookmark: sendInitialEvents,
    matches: (object) => isLabelled(object.metadata.labels) && isSelected(object),
    timeoutMs,
  };
};

const stubOf = (metadata: KubeObject['metadata']): KubeObject => ({
  apiVersion: apiVersionOf(nodeMetricsKind),
  kind: nodeMetricsKind.kind,
  metadata,
});

const initialEnd = { 'k8s.io/initial-events-end': 'true' } as const;

const tell = async ({ usage }: UsageContext, wish: Wish, encoder: Encoder, stream: Stream): Promise<void> => {
  const shown = new Map<string, KubeObject>();
  const signal = AbortSignal.any([stream.signal, stream.ending, AbortSignal.timeout(wish.timeoutMs)]);
  const write = async ({ name, version, since, object }: Change): Promise<void> => {
    const now = object !== undefined && wish.matches(object) ? object : undefined;
    // Of what was there at the version from which it goes on, the client knows.
    const isKnown = shown.has(name) || since <= wish.from;
    if (now !== undefined) {
      await stream.write(encoder.event(isKnown ? 'MODIFIED' : 'ADDED', now));
      shown.set(name, now);
    } else if (isKnown) {
      const last = shown.get(name) ?? stubOf({ name, resourceVersion: String(version) });
      await stream.write(encoder.event('DELETED', last));
      shown.delete(name);
    }
  };
  let told = wish.from;
  let isBookmarked = !wish.bookmark;
  while (!signal.aborted) {
    const changes = usage.since(told);
    for (const change of changes) await write(change);
    told = changes.at(-1)?.version ?? told;
    if (!isBookmarked) {
      const metadata = { resourceVersion: String(usage.version()), annotations: initialEnd };
      await stream.write(encoder.event('BOOKMARK', stubOf(metadata)));
      isBookmarked = true;
    }
    await pause(tellMs, signal);
  }
};

const watch = async (
  context: UsageContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<undefined> => {
  const wish = wishOf(context, request);
  const encoder = encoderOf(context, request);
  const settings = {
    contentType: 'application/json',
    slowMs: context.limits.slowWatchMs,
    mayEndAnyTime: true,
  };
  await context.streams.run(reply, settings, (stream) => tell(context, wish, encoder, stream));
  return undefined;
};

export const addUsageRoutes = (app: FastifyInstance, context: UsageContext): void => {
  const collection = `/apis/${apiVersionOf(nodeMetricsKind)}/${nodeMetricsKind.plural}`;
  const key = resourceKey(nodeMetricsKind);
  addRoute(app, 'GET', collection, resourceAccess('read', key), async (request, reply) =>
    isTrue(queryOf(request), 'watch') ? watch(context, request, reply) : list(context, request),
  );
  addRoute(app, 'GET', `${collection}/:name`, resourceAccess('get', key), async (request) =>
    one(context, request),
  );
};
