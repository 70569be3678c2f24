// Owns what a piece of work - a run or a transfer - is called, where it is for and how it stands, in plain values.
import type { CommandRun, FileTransfer } from '@drover/api';
import { commandRuns, fileTransfers, type KindReference } from '@drover/client/kinds';
import { consoleLabel } from '../../api/console-label.ts';
import { paths } from '../../paths.ts';

export type Work = CommandRun | FileTransfer;

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

export const phaseOf = ({ status }: Work): Phase => status?.phase ?? 'Pending';

export const isOver = (work: Work): boolean => ['Succeeded', 'Failed', 'Cancelled'].includes(phaseOf(work));

/** Whether it waits for somebody to approve it before it begins. */
export const waitsForPeople = (work: Work): boolean =>
  phaseOf(work) === 'Pending' && work.status?.approval !== undefined;

export const nameOf = ({ metadata }: Work): string => metadata.name ?? '';
export const namespaceOf = ({ metadata }: Work): string => metadata.namespace ?? 'default';

/** Who asked for it; '' where nobody is named. */
export const makerOf = ({ spec }: Work): string => spec.requester?.username ?? '';
/** RFC 3339; '' where it is not known. */
export const madeAt = ({ metadata }: Work): string => metadata.creationTimestamp ?? '';

const selectorWords = ({ spec }: Work): string => {
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
export const targetsOf = (work: Work): { readonly nodes: string; readonly labels: string } => ({
  nodes: work.spec.targets.nodeSet ?? '',
  labels: selectorWords(work),
});

/** Made by a page of the console that showed or changed something of a node. */
export const isOfPage = ({ metadata }: Work): boolean => metadata.labels?.[consoleLabel] !== undefined;

export const kindOf = ({ kind }: Work): KindReference<Work> =>
  kind === 'CommandRun' ? commandRuns : fileTransfers;

export const referenceTo = (work: Work) => ({
  kind: kindOf(work),
  name: nameOf(work),
  namespace: namespaceOf(work),
});

/** The address of its page; `query`: what the tab keeps there. */
export const pageOf = (work: Work, query: Readonly<Record<string, string>> = {}): string =>
  (work.kind === 'CommandRun' ? paths.run : paths.transfer)(namespaceOf(work), nameOf(work), '', query);
