// Owns what is typed while a run is composed, and what becomes of it.
// I1: a draft is texts, as typed: nothing is lost because it is not right yet.
// I2: it lives in the session storage of the tab until it is sent: a reload or a way out and back loses nothing.
// I3: what a field leaves empty is left to the controller's defaults.
import type { CommandRun } from '@drover/api';
import { quoteWords, splitWords } from '@drover/api/words';
import {
  createKeeper,
  emptyWish,
  given,
  placeOf,
  problemOf,
  toMetadata,
  toWorkSpec,
  type WishProblem,
  wishOf,
  wishPlaces,
  wishProblems,
} from '../work/wish.ts';

export const emptyDraft = {
  ...emptyWish,
  kind: 'command' as 'command' | 'script',
  command: '',
  interpreter: '/bin/sh',
  script: '',
  user: '',
  cwd: '',
  env: '',
  stdin: '',
};
export type Draft = Readonly<typeof emptyDraft>;
export type Field = keyof Draft;

/** Words of ours for what cannot be sent; see runs.problems. */
export type Problem = WishProblem | 'noCommand' | 'openQuote' | 'noScript' | 'pair';
export type Problems = Partial<Record<Field, Problem>>;

/** I2. */
export const runDraft = createKeeper<Draft>('drover.draft.run', emptyDraft);

// ---- reading fields --------------------------------------------------------------------------------------

const toEnv = (text: string): Readonly<Record<string, string>> | undefined => {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map(
    (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const,
  );
  const isWhole = lines.every((line) => line.indexOf('=') > 0);
  return isWhole ? Object.fromEntries(pairs) : undefined;
};

/** What cannot be sent as it is. What only the controller can judge is not asked here. */
export const problemsOf = (draft: Draft): Problems => {
  const { words, open } = splitWords(draft.command);
  const isCommand = draft.kind === 'command';
  const command = open !== '' ? 'openQuote' : words.length === 0 ? 'noCommand' : undefined;
  const found: Partial<Record<Field, Problem | undefined>> = {
    ...wishProblems(draft),
    command: isCommand ? command : undefined,
    script: !isCommand && draft.script.trim() === '' ? 'noScript' : undefined,
    env: problemOf(draft.env, toEnv, 'pair'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined));
};

// ---- to an object and back -------------------------------------------------------------------------------

const toDeed = (draft: Draft) => {
  if (draft.kind === 'command') return { argv: splitWords(draft.command).words };
  const source = draft.script.endsWith('\n') ? draft.script : `${draft.script}\n`;
  return { script: { source, ...given('interpreter', draft.interpreter, (text) => splitWords(text).words) } };
};

/** The object to create. Throws ApiError when the label selector cannot be read. */
export const toRun = (draft: Draft): Record<string, unknown> => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'CommandRun',
  metadata: toMetadata(draft, 'run'),
  spec: {
    ...toDeed(draft),
    ...toWorkSpec(draft),
    ...given('user', draft.user, (text) => text.trim()),
    ...given('cwd', draft.cwd, (text) => text.trim()),
    ...given('env', draft.env, toEnv),
    ...(draft.stdin === '' ? {} : { stdin: draft.stdin }),
  },
});

/** A run as it would be typed. */
export const toDraft = (run: CommandRun): Draft => {
  const { spec } = run;
  return {
    ...emptyDraft,
    ...wishOf(run),
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
  };
};

// ---- where the controller's causes belong ----------------------------------------------------------------

const places: readonly (readonly [string, Field])[] = [
  ['spec.argv', 'command'],
  ['spec.script.interpreter', 'interpreter'],
  ['spec.script', 'script'],
  ['spec.user', 'user'],
  ['spec.cwd', 'cwd'],
  ['spec.env', 'env'],
  ['spec.stdin', 'stdin'],
  ...wishPlaces,
];

/** undefined: none of ours. */
export const fieldOf = (path: string): Field | undefined => placeOf(places, path);
