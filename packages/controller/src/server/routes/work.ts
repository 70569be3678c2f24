// Owns what results, log and fold share: the object they belong to, and following it until it is final.
import {
  ApiError,
  commandRunKind,
  fileTransferKind,
  type Kind,
  type KubeObject,
  type WorkStatus,
} from '@drover/api';
import type { FastifyRequest } from 'fastify';
import type { Stream } from '../streams.ts';
import type { WorkFollower, WorkSignals } from '../work-signals.ts';
import { parameter, type RouteContext } from './context.ts';

export const workKinds: readonly Kind[] = [commandRunKind, fileTransferKind];

export interface WorkContext extends RouteContext {
  readonly signals: WorkSignals;
}

const finalPhases: readonly string[] = ['Succeeded', 'Failed', 'Cancelled'];

export const isFinalWork = (object: KubeObject): boolean => {
  // The schema of both kinds gives status this type; the object has been validated.
  const status = object['status'] as WorkStatus | undefined;
  return finalPhases.includes(status?.phase ?? '');
};

/** The object a request is about; throws NotFound. */
export const workOf = ({ resources }: RouteContext, kind: Kind, request: FastifyRequest): KubeObject =>
  resources.get(kind, parameter(request, 'namespace'), parameter(request, 'name'));

export const uidOf = ({ metadata }: KubeObject): string => {
  if (metadata.uid === undefined) throw new ApiError('InternalError', 'cannot read the work: it has no uid');
  return metadata.uid;
};

/** Wakes the follower at each change of the object itself, until the signal or the end of the watch. */
const watchObject = async (
  context: WorkContext,
  kind: Kind,
  object: KubeObject,
  follower: WorkFollower,
  signal: AbortSignal,
): Promise<void> => {
  const events = context.resources.watch(kind, {
    namespace: object.metadata.namespace ?? '',
    fieldSelector: `metadata.name=${object.metadata.name}`,
    signal,
  });
  for await (const _event of events) follower.wake();
};

export interface WorkView {
  /** As it is now; undefined once deleted (or replaced by another of the same name). */
  readonly object: KubeObject | undefined;
  readonly isFinal: boolean;
}

/**
 * Calls `step` after each change of the work (rows, output, object) and at once; stops when a step saw the work
 * final (or deleted), or at the stream's signal. A step must write everything there is, so that the last one,
 * which begins after the work was seen final, leaves nothing out. Resolves to whether it came to that last step.
 */
export const followWork = async (
  context: WorkContext,
  kind: Kind,
  start: KubeObject,
  stream: Stream,
  step: (view: WorkView) => Promise<void>,
): Promise<boolean> => {
  const uid = uidOf(start);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  stream.signal.addEventListener('abort', abort);
  if (stream.signal.aborted) abort();
  const follower = context.signals.follow(uid);
  const watching = watchObject(context, kind, start, follower, stop.signal)
    .catch((error: unknown) => {
      if (!stop.signal.aborted) context.log.warn({ err: error, work: uid }, 'stopped watching a work');
    })
    .finally(abort);
  try {
    while (!stop.signal.aborted) {
      const mark = follower.mark();
      const { namespace, name } = start.metadata;
      const current = context.resources.find(kind, namespace ?? '', name ?? '');
      const object = current?.metadata.uid === uid ? current : undefined;
      const isFinal = object === undefined || isFinalWork(object);
      await step({ object, isFinal });
      if (isFinal) return true;
      await follower.changed(mark, stop.signal);
    }
    return false;
  } finally {
    stop.abort();
    stream.signal.removeEventListener('abort', abort);
    follower.close();
    await watching;
  }
};
