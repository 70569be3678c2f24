// Owns how something that happened is told: core/v1 Events.
// I1: the same thing happening again to the same object is one Event whose count grows.
// I2: telling never fails the work that it tells of: an Event that cannot be written is logged.
// The resources room removes Events an hour after the last time (resources/retention.ts).
import { ApiError, type Event, eventKind, type KubeObject } from '@drover/api';
import { type Clock, toTimestamp } from '../platform/clock.ts';
import { sha256Hex } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { Resources } from '../resources/resources.ts';

export interface EventDeps {
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Happening {
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** A word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Who tells, e.g. 'node-controller'. */
  readonly component: string;
}

/** What Events are of that are of no object: the controller's own. */
export const theController: KubeObject = {
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'Controller',
  metadata: { name: 'drover' },
};

/** Events of objects without a namespace are kept here, where kubectl describe looks for them. */
const fallbackNamespace = 'default';

const asEvent = (object: KubeObject): Event => object as unknown as Event;

/** The same happening always has the same name (I1). */
const nameOf = ({ object, type, reason, message, component }: Happening): string => {
  const { name = '', uid = '' } = object.metadata;
  const hash = sha256Hex(JSON.stringify([object.kind, uid, type, reason, message, component]));
  return `${name.slice(0, 200).replace(/[-.]+$/, '')}.${hash.slice(0, 16)}`;
};

const toEvent = (happening: Happening, namespace: string, now: string): Event => {
  const { object, type, reason, message, component } = happening;
  const { name = '', uid = '' } = object.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: nameOf(happening), namespace },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      uid,
      ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    },
    type,
    reason,
    message: message.slice(0, 1024),
    source: { component },
    reportingComponent: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
};

const again = (object: KubeObject, now: string): KubeObject => ({
  ...object,
  lastTimestamp: now,
  count: (asEvent(object).count ?? 1) + 1,
});

const isReason = (error: unknown, reason: ApiError['reason']): boolean =>
  error instanceof ApiError && error.reason === reason;

const write = async ({ resources, clock }: EventDeps, happening: Happening): Promise<void> => {
  const namespace = happening.object.metadata.namespace ?? fallbackNamespace;
  const name = nameOf(happening);
  const now = toTimestamp(clock.nowMs());
  if (resources.find(eventKind, namespace, name) === undefined) {
    try {
      await resources.create(eventKind, namespace, toEvent(happening, namespace, now));
      return;
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
  await resources.modify(eventKind, namespace, name, (object) => again(object, now));
};

/** Tells that something happened. Resolves when it is durable, or could not be written (I2). */
export const recordEvent = async (deps: EventDeps, happening: Happening): Promise<void> => {
  try {
    await write(deps, happening);
  } catch (error) {
    const { object, reason, message } = happening;
    deps.log.warn(
      { kind: object.kind, name: object.metadata.name, reason, text: message, err: error },
      'cannot record an event',
    );
  }
};
