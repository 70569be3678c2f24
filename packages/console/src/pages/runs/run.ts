// Owns what a run is called, what it does and how it stands, in plain values.
import type { CommandRun } from '@drover/api';
import { quoteWords } from '@drover/api/words';
import { commandRuns } from '@drover/client/kinds';

export const phases = [
  'Pending',
  'Running',
  'Paused',
  'Cancelling',
  'Succeeded',
  'Failed',
  'Cancelled',
] as const;
export type Phase = (typeof phases)[number];

export const phaseOf = ({ status }: CommandRun): Phase => status?.phase ?? 'Pending';

export const isOver = (run: CommandRun): boolean =>
  ['Succeeded', 'Failed', 'Cancelled'].includes(phaseOf(run));

/** Whether it waits for somebody to approve it before it begins. */
export const waitsForPeople = (run: CommandRun): boolean =>
  phaseOf(run) === 'Pending' && run.status?.approval !== undefined;

export const nameOf = ({ metadata }: CommandRun): string => metadata.name ?? '';
export const namespaceOf = ({ metadata }: CommandRun): string => metadata.namespace ?? 'default';

/** What runs, in one line: the command, or the first line of the script that says something. */
export const commandOf = ({ spec }: CommandRun): string => {
  if (spec.argv !== undefined) return quoteWords(spec.argv);
  const lines = (spec.script?.source ?? '').split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? lines[0] ?? '';
};

const selectorWords = ({ spec }: CommandRun): string => {
  const { matchLabels = {}, matchExpressions = [] } = spec.targets.labelSelector ?? {};
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    const [only = ''] = values;
    if (values.length === 1) return `${key}${operator === 'In' ? '=' : '!='}${only}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...equal, ...others].join(',');
};

/** As they are typed: the node-set, and the label selector. */
export const targetsOf = (run: CommandRun): { readonly nodes: string; readonly labels: string } => ({
  nodes: run.spec.targets.nodeSet ?? '',
  labels: selectorWords(run),
});

export const referenceTo = (run: CommandRun) => ({
  kind: commandRuns,
  name: nameOf(run),
  namespace: namespaceOf(run),
});
