// Owns what a support bundle tells of objects: how many there are, how nodes fare, where work stands, what happened. Pure
// but for reading the resources.
// I1: fields are named one by one. Specs are not told, nor labels, annotations or data of anything: a command line, an
//     environment or a Secret has no way in here.
// I2: words that others may have written (events, conditions) pass the net of the audit trail (auth/audit/redact.ts). That takes
//     time, so others have their turn after a few objects.
import {
  commandRunKind,
  type Event,
  eventKind,
  fileTransferKind,
  type Kind,
  type KubeObject,
  type Node,
  nodeKind,
  resourceKey,
} from '@drover/api';
import { redactText } from '../../auth/audit/redact.ts';
import { nextTurn } from '../../platform/turn.ts';
import type { Resources } from '../../resources/resources.ts';

const maxEvents = 1_000;
const maxWords = 1_024;
const perTurn = 10;

/** I2. Cut first: the patterns then never meet a huge text. */
const masked = (words: string): string => redactText(words.slice(0, maxWords));

/** I2. */
const mapInTurns = async <T, U>(items: readonly T[], map: (item: T) => U): Promise<readonly U[]> => {
  const mapped: U[] = [];
  for (const item of items) {
    mapped.push(map(item));
    if (mapped.length % perTurn === 0) await nextTurn();
  }
  return mapped;
};

const tally = (words: readonly string[]): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** By resourceKey. A kind that is served in several versions counts once. */
export const toCounts = (resources: Pick<Resources, 'kinds' | 'size'>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    resources.kinds
      .filter(({ transient }) => transient !== true)
      .map((kind) => [resourceKey(kind), resources.size(kind)]),
  );

const toNode = (object: KubeObject) => {
  const { metadata, spec, status } = object as unknown as Node; // the cache holds what was validated
  const { osImage = '', kernelVersion = '', architecture = '', kubeletVersion = '' } = status?.nodeInfo ?? {};
  const conditions = (status?.conditions ?? []).map(
    ({ type, status: value, reason = '', message = '', lastTransitionTime = '' }) => ({
      type,
      status: value,
      reason,
      message: masked(message),
      lastTransitionTime,
    }),
  );
  const ready = conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
  const unschedulable = spec.unschedulable === true;
  const { name, creationTimestamp } = metadata;
  const agent = kubeletVersion;
  return {
    name,
    creationTimestamp,
    ready,
    unschedulable,
    osImage,
    kernelVersion,
    architecture,
    agent,
    conditions,
  };
};

export const toNodes = async (resources: Pick<Resources, 'list'>) => {
  const items = await mapInTurns(resources.list(nodeKind).items, toNode);
  const of = (word: (node: (typeof items)[number]) => string) => tally(items.map(word));
  return {
    count: items.length,
    ready: of(({ ready }) => ready),
    osImage: of(({ osImage }) => osImage),
    agent: of(({ agent }) => agent),
    items,
  };
};

const phases = (resources: Pick<Resources, 'list'>, kind: Kind): Readonly<Record<string, number>> =>
  tally(
    resources
      .list(kind)
      .items.map(
        (object) => (object['status'] as { readonly phase?: string } | undefined)?.phase ?? 'Pending',
      ),
  );

export const toWork = (resources: Pick<Resources, 'list'>) => ({
  commandRuns: phases(resources, commandRunKind),
  fileTransfers: phases(resources, fileTransferKind),
});

const lastSeen = ({ series, lastTimestamp, firstTimestamp, eventTime }: Event): string =>
  series?.lastObservedTime ?? lastTimestamp ?? firstTimestamp ?? eventTime ?? '';

const toEvent = (event: Event) => {
  const { involvedObject, type = '', reason = '', message = '', count = 1, reportingComponent } = event;
  const { kind = '', namespace = '', name = '' } = involvedObject;
  const component = reportingComponent ?? event.source?.component ?? '';
  const about = { kind: masked(kind), namespace: masked(namespace), name: masked(name) };
  const told = { type: masked(type), reason: masked(reason), about, message: masked(message) };
  return { time: lastSeen(event), ...told, count, component: masked(component) };
};

/** The newest, oldest of them first. */
export const toEvents = (resources: Pick<Resources, 'list'>) => {
  const events = resources
    .list(eventKind)
    .items.map((object) => object as unknown as Event) // the cache holds what was validated
    .sort((a, b) => (lastSeen(a) < lastSeen(b) ? -1 : 1));
  return mapInTurns(events.slice(-maxEvents), toEvent);
};
