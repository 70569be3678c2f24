// Owns what is typed while a run is composed, and what becomes of it.
// I1: a draft is texts, as typed: nothing is lost because it is not right yet.
// I2: it lives in the session storage of the tab until it is sent: a reload or a way out and back loses nothing.
// I3: what a field leaves empty is left to the controller's defaults.
import type { CommandRun } from '@drover/api';
import { toLabelSelector } from '@drover/api/label-selector';
import { quoteWords, splitWords } from '@drover/api/words';
import { targetsOf } from './run.ts';

export const emptyDraft = {
  nodes: '',
  labels: '',
  kind: 'command' as 'command' | 'script',
  command: '',
  interpreter: '/bin/sh',
  script: '',
  user: '',
  cwd: '',
  env: '',
  stdin: '',
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
export type Draft = Readonly<typeof emptyDraft>;
export type Field = keyof Draft;

/** Words of ours for what cannot be sent; see runs.problems. */
export type Problem = 'noNodes' | 'noCommand' | 'openQuote' | 'noScript' | 'time' | 'whole' | 'size' | 'pair';
export type Problems = Partial<Record<Field, Problem>>;

const kept = 'drover.draft.run';

/** I2. */
export const loadDraft = (): Draft => {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(kept) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return emptyDraft;
    const texts = Object.entries(stored).filter(
      ([key, value]) => key in emptyDraft && typeof value === 'string',
    );
    // What was stored here was a draft; other values are filtered above.
    return { ...emptyDraft, ...(Object.fromEntries(texts) as Partial<Draft>) };
  } catch {
    return emptyDraft;
  }
};

export const saveDraft = (draft: Draft): void => sessionStorage.setItem(kept, JSON.stringify(draft));
export const forgetDraft = (): void => sessionStorage.removeItem(kept);

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

const toEnv = (text: string): Readonly<Record<string, string>> | undefined => {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map(
    (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const,
  );
  const isWhole = lines.every((line) => line.indexOf('=') > 0);
  return isWhole ? Object.fromEntries(pairs) : undefined;
};

const problemOf = <T>(text: string, read: (text: string) => T | undefined, problem: Problem) =>
  text.trim() === '' || read(text) !== undefined ? undefined : problem;

/** What cannot be sent as it is. What only the controller can judge is not asked here. */
export const problemsOf = (draft: Draft): Problems => {
  const { words, open } = splitWords(draft.command);
  const isCommand = draft.kind === 'command';
  const command = open !== '' ? 'openQuote' : words.length === 0 ? 'noCommand' : undefined;
  const found: Partial<Record<Field, Problem | undefined>> = {
    nodes: draft.nodes.trim() === '' && draft.labels.trim() === '' ? 'noNodes' : undefined,
    command: isCommand ? command : undefined,
    script: !isCommand && draft.script.trim() === '' ? 'noScript' : undefined,
    env: problemOf(draft.env, toEnv, 'pair'),
    timeout: problemOf(draft.timeout, toSeconds, 'time'),
    pause: problemOf(draft.pause, toSeconds, 'time'),
    expire: problemOf(draft.expire, toSeconds, 'time'),
    width: problemOf(draft.width, toWhole, 'whole'),
    batches: problemOf(draft.batches, toBatches, 'size'),
    maxFailures: problemOf(draft.maxFailures, toShare, 'size'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined));
};

// ---- to an object and back -------------------------------------------------------------------------------

/** I3. */
const given = <T>(key: string, text: string, read: (text: string) => T): Readonly<Record<string, T>> =>
  text.trim() === '' ? {} : { [key]: read(text) };

const toTargets = ({ nodes, labels }: Draft) => ({
  ...given('nodeSet', nodes, (text) => text.trim()),
  ...given('labelSelector', labels, toLabelSelector),
});

const toDeed = (draft: Draft) => {
  if (draft.kind === 'command') return { argv: splitWords(draft.command).words };
  const source = draft.script.endsWith('\n') ? draft.script : `${draft.script}\n`;
  return { script: { source, ...given('interpreter', draft.interpreter, (text) => splitWords(text).words) } };
};

/** The object to create. Throws ApiError when the label selector cannot be read. */
export const toRun = (draft: Draft): Record<string, unknown> => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'CommandRun',
  metadata: {
    namespace: draft.namespace,
    ...(draft.name.trim() === '' ? { generateName: 'run-' } : { name: draft.name.trim() }),
  },
  spec: {
    ...toDeed(draft),
    targets: toTargets(draft),
    ...given('user', draft.user, (text) => text.trim()),
    ...given('cwd', draft.cwd, (text) => text.trim()),
    ...given('env', draft.env, toEnv),
    ...(draft.stdin === '' ? {} : { stdin: draft.stdin }),
    ...given('timeoutSeconds', draft.timeout, toSeconds),
    strategy: {
      gate: draft.gate,
      ...given('width', draft.width, toWhole),
      ...given('batches', draft.batches, toBatches),
      ...given('pauseSeconds', draft.pause, toSeconds),
      ...given('maxFailures', draft.maxFailures, toShare),
    },
    offline: { policy: draft.offline, ...given('expireSeconds', draft.expire, toSeconds) },
  },
});

/** A run as it would be typed. */
export const toDraft = (run: CommandRun): Draft => {
  const { spec, metadata } = run;
  const { strategy, offline } = spec;
  return {
    ...emptyDraft,
    ...targetsOf(run),
    kind: spec.script === undefined ? 'command' : 'script',
    command: quoteWords(spec.argv ?? []),
    interpreter: quoteWords(spec.script?.interpreter ?? ['/bin/sh']),
    script: spec.script?.source ?? '',
    user: spec.user ?? '',
    cwd: spec.cwd ?? '',
    env: Object.entries(spec.env ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
    stdin: spec.stdin ?? '',
    timeout: `${spec.timeoutSeconds}s`,
    width: strategy.width === 0 ? '' : String(strategy.width),
    batches: strategy.batches.join(','),
    pause: strategy.pauseSeconds === 0 ? '' : `${strategy.pauseSeconds}s`,
    gate: strategy.gate,
    maxFailures: strategy.maxFailures?.toString() ?? '',
    offline: offline.policy,
    expire: `${offline.expireSeconds}s`,
    namespace: metadata.namespace ?? 'default',
  };
};

// ---- where the controller's causes belong ----------------------------------------------------------------

const places: readonly (readonly [string, Field])[] = [
  ['spec.targets.labelSelector', 'labels'],
  ['spec.targets', 'nodes'],
  ['spec.argv', 'command'],
  ['spec.script.interpreter', 'interpreter'],
  ['spec.script', 'script'],
  ['spec.user', 'user'],
  ['spec.cwd', 'cwd'],
  ['spec.env', 'env'],
  ['spec.stdin', 'stdin'],
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

/** The field of a path such as spec.strategy.batches[1]; undefined: none of ours. */
export const fieldOf = (path: string): Field | undefined =>
  places.find(
    ([prefix]) => path === prefix || (/^[.[]/.test(path.slice(prefix.length)) && path.startsWith(prefix)),
  )?.[1];
