// Owns what composing a run and composing a transfer have in common: where, how fast, how carefully.
// I1: a wish is texts, as typed; what is left empty is left to the controller's defaults.
import { toLabelSelector } from '@drover/api/label-selector';
import { targetsOf, type Work } from './work.ts';

export const emptyWish = {
  nodes: '',
  labels: '',
  timeout: '',
  width: '',
  batches: '',
  pause: '',
  gate: 'Automatic',
  maxFailures: '',
  offline: 'Queue',
  expire: '',
  name: '',
  namespace: 'default',
};
export type Wish = Readonly<typeof emptyWish>;
export type WishField = keyof Wish;

/** What every group of fields that both have gets. */
export interface WishFieldsProps {
  readonly draft: Wish;
  readonly set: (change: Partial<Wish>) => void;
  /** In words, at the fields that they are about. */
  readonly problems: Readonly<Partial<Record<WishField, string>>>;
}

/** What is in the way of sending it; see runs.problems. */
export type WishProblem = 'noNodes' | 'time' | 'whole' | 'size';

// ---- reading fields --------------------------------------------------------------------------------------

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** '90', '90s', '5m', '2h', '1d' in seconds; undefined: not a time. */
export const toSeconds = (text: string): number | undefined => {
  const found = /^(\d{1,9})\s*([smhd]?)$/.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * (unitSeconds[found[2] ?? ''] ?? 1);
};

const toWhole = (text: string): number | undefined =>
  /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : undefined;

/** '3' or '10%'. */
const toShare = (text: string): number | string | undefined =>
  toWhole(text) ?? (/^(100|[1-9]?\d)%$/.test(text.trim()) ? text.trim() : undefined);

const toBatches = (text: string): readonly (number | string)[] | undefined => {
  const sizes = text.split(',').map(toShare);
  return sizes.every((size) => size !== undefined) ? sizes : undefined;
};

export const problemOf = <P extends string>(
  text: string,
  read: (text: string) => unknown,
  problem: P,
): P | undefined => (text.trim() === '' || read(text) !== undefined ? undefined : problem);

/** What cannot be sent as it is. What only the controller can judge is not asked here. */
export const wishProblems = (wish: Wish): Partial<Record<WishField, WishProblem | undefined>> => ({
  nodes: wish.nodes.trim() === '' && wish.labels.trim() === '' ? 'noNodes' : undefined,
  timeout: problemOf(wish.timeout, toSeconds, 'time'),
  pause: problemOf(wish.pause, toSeconds, 'time'),
  expire: problemOf(wish.expire, toSeconds, 'time'),
  width: problemOf(wish.width, toWhole, 'whole'),
  batches: problemOf(wish.batches, toBatches, 'size'),
  maxFailures: problemOf(wish.maxFailures, toShare, 'size'),
});

// ---- to an object and back -------------------------------------------------------------------------------

/** I1. */
export const given = <T>(
  key: string,
  text: string,
  read: (text: string) => T,
): Readonly<Record<string, T>> => (text.trim() === '' ? {} : { [key]: read(text) });

const toTargets = ({ nodes, labels }: Wish) => ({
  ...given('nodeSet', nodes, (text) => text.trim()),
  ...given('labelSelector', labels, toLabelSelector),
});

export const toMetadata = ({ name, namespace }: Wish, stem: string) => ({
  namespace,
  ...(name.trim() === '' ? { generateName: `${stem}-` } : { name: name.trim() }),
});

/** What of the spec both have. Throws ApiError when the label selector cannot be read. */
export const toWorkSpec = (wish: Wish) => ({
  targets: toTargets(wish),
  ...given('timeoutSeconds', wish.timeout, toSeconds),
  strategy: {
    gate: wish.gate,
    ...given('width', wish.width, toWhole),
    ...given('batches', wish.batches, toBatches),
    ...given('pauseSeconds', wish.pause, toSeconds),
    ...given('maxFailures', wish.maxFailures, toShare),
  },
  offline: { policy: wish.offline, ...given('expireSeconds', wish.expire, toSeconds) },
});

/** As it would be typed. */
export const wishOf = (work: Work): Wish => {
  const { strategy, offline, timeoutSeconds } = work.spec;
  return {
    ...targetsOf(work),
    timeout: `${timeoutSeconds}s`,
    width: strategy.width === 0 ? '' : String(strategy.width),
    batches: strategy.batches.join(','),
    pause: strategy.pauseSeconds === 0 ? '' : `${strategy.pauseSeconds}s`,
    gate: strategy.gate,
    maxFailures: strategy.maxFailures?.toString() ?? '',
    offline: offline.policy,
    expire: `${offline.expireSeconds}s`,
    name: '',
    namespace: work.metadata.namespace ?? 'default',
  };
};

// ---- where the controller's causes belong ----------------------------------------------------------------

export const wishPlaces: readonly (readonly [string, WishField])[] = [
  ['spec.targets.labelSelector', 'labels'],
  ['spec.targets', 'nodes'],
  ['spec.timeoutSeconds', 'timeout'],
  ['spec.strategy.width', 'width'],
  ['spec.strategy.batches', 'batches'],
  ['spec.strategy.pauseSeconds', 'pause'],
  ['spec.strategy.gate', 'gate'],
  ['spec.strategy.maxFailures', 'maxFailures'],
  ['spec.offline.policy', 'offline'],
  ['spec.offline', 'expire'],
  ['metadata.name', 'name'],
  ['metadata.namespace', 'namespace'],
];

/** The field of a path such as spec.strategy.batches[1]; undefined: none of them. */
export const placeOf = <F extends string>(
  places: readonly (readonly [string, F])[],
  path: string,
): F | undefined =>
  places.find(
    ([prefix]) => path === prefix || (/^[.[]/.test(path.slice(prefix.length)) && path.startsWith(prefix)),
  )?.[1];

// ---- keeping ---------------------------------------------------------------------------------------------

/** Keeps what is typed in the session storage of the tab, until it is sent: a reload, or a way out and back, loses nothing. */
export const createKeeper = <D extends Readonly<Record<string, string>>>(key: string, empty: D) => ({
  load: (): D => {
    try {
      const stored: unknown = JSON.parse(sessionStorage.getItem(key) ?? '{}');
      if (typeof stored !== 'object' || stored === null) return empty;
      const texts = Object.entries(stored).filter(
        ([name, text]) => name in empty && typeof text === 'string',
      );
      // What was stored here was a draft; other values are filtered above.
      return { ...empty, ...(Object.fromEntries(texts) as Partial<D>) };
    } catch {
      return empty;
    }
  },
  save: (draft: D): void => sessionStorage.setItem(key, JSON.stringify(draft)),
  forget: (): void => sessionStorage.removeItem(key),
});
