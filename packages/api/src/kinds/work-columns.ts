// Owns the columns and checks that CommandRun and FileTransfer share.
import type { Column } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import type { Strategy, Targets, WorkStatus } from '../work.ts';
import { nodeSetCauses } from './node-set-check.ts';

const status = (object: KubeObject): WorkStatus => (object['status'] as WorkStatus | undefined) ?? {};

/** What is wrong with what is to run; `path`: where it stands. */
export const commandChecks = (spec: { readonly argv?: unknown; readonly script?: unknown }, path: string) =>
  (spec.argv === undefined) === (spec.script === undefined)
    ? [{ field: path, message: 'exactly one of argv and script must be given' }]
    : [];

export const targetChecks = ({ nodeSet, labelSelector }: Targets, path: string) => [
  ...(nodeSet === undefined && labelSelector === undefined
    ? [{ field: path, message: 'nodeSet or labelSelector must be given ("*" is every node)' }]
    : []),
  ...nodeSetCauses(`${path}.nodeSet`, nodeSet),
];

export const workChecks = (
  spec: { readonly targets: Targets; readonly strategy: Strategy },
  path = 'spec',
) => [
  ...targetChecks(spec.targets, `${path}.targets`),
  ...spec.strategy.batches.flatMap((size, index) =>
    size === 0 || size === '0%'
      ? [{ field: `${path}.strategy.batches[${index}]`, message: 'a batch has at least one node' }]
      : [],
  ),
];

const number = (
  name: string,
  description: string,
  priority: 0 | 1,
  of: (s: WorkStatus) => number | undefined,
): Column => ({
  name,
  type: 'integer',
  description,
  priority,
  cell: (object) => of(status(object)) ?? 0,
});

export const workColumns: readonly Column[] = [
  {
    name: 'Phase',
    type: 'string',
    description: 'Where the work stands',
    priority: 0,
    cell: (o) => status(o).phase ?? 'Pending',
  },
  number('Nodes', 'Nodes targeted', 0, (s) => s.counts?.total),
  number('OK', 'Nodes where it succeeded', 0, (s) => s.counts?.succeeded),
  number('Failed', 'Nodes where it ended otherwise', 0, (s) => {
    const c = s.counts;
    return c && c.failed + c.signalled + c.timedOut + c.cancelled + c.unreachable + c.neverStarted + c.lost;
  }),
  {
    name: 'Message',
    type: 'string',
    description: 'Cause of the present wait or failure',
    priority: 1,
    cell: (o) => status(o).message ?? '',
  },
];
