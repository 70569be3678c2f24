// Owns what an administrator should look at now: from what the controller says, each with its cause and a next step.
import type { CertificateSigningRequest, CommandRun, FileTransfer, Node } from '@drover/api';
import { paths } from '../../paths.ts';

export interface Attention {
  /** Unique among those shown. */
  readonly key: string;
  readonly kind: 'node-lost' | 'node-unwell' | 'joining' | 'approval' | 'failed';
  /** The names that it is about. */
  readonly subject: string;
  /** In the controller's words; '': none. */
  readonly cause: string;
  readonly since: string | undefined;
  readonly to: string;
}

export interface FleetState {
  readonly nodes: readonly Node[];
  readonly requests: readonly CertificateSigningRequest[];
  readonly runs: readonly CommandRun[];
  readonly transfers: readonly FileTransfer[];
  readonly nowMs: number;
}

/** What failed longer ago is history. */
const recentMs = 24 * 3_600_000;

const ofNode = (node: Node): readonly Attention[] => {
  const name = node.metadata.name ?? '';
  const wrong = (node.status?.conditions ?? []).filter(({ type, status }) =>
    type === 'Ready' ? status !== 'True' : status === 'True' && type.endsWith('Pressure'),
  );
  return wrong.map(({ type, status, reason, message, lastTransitionTime }) => ({
    key: `node ${name} ${type}`,
    kind: type === 'Ready' && status === 'Unknown' ? 'node-lost' : 'node-unwell',
    subject: name,
    cause: message || reason || type,
    since: lastTransitionTime ?? undefined,
    to: paths.node(name),
  }));
};

export const isWaiting = ({ spec, status }: CertificateSigningRequest): boolean =>
  spec.signerName === 'drover.dev/node' &&
  !(status?.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied');

const ofRequest = (request: CertificateSigningRequest): readonly Attention[] =>
  isWaiting(request)
    ? [
        {
          key: `request ${request.metadata.name}`,
          kind: 'joining',
          subject: request.metadata.name ?? '',
          cause: '',
          since: request.metadata.creationTimestamp ?? undefined,
          to: paths.nodeRequests(),
        },
      ]
    : [];

const ofWork = (work: CommandRun | FileTransfer, nowMs: number): readonly Attention[] => {
  const { name = '', namespace = '' } = work.metadata;
  const to = work.kind === 'CommandRun' ? paths.run(namespace, name) : paths.transfer(namespace, name);
  const base = { key: `${work.kind} ${namespace}/${name}`, subject: name, to };
  const { phase, approval, message = '', completionTime } = work.status ?? {};
  if (approval !== undefined && phase === 'Pending')
    return [
      {
        ...base,
        kind: 'approval',
        cause: approval.message ?? message,
        since: work.metadata.creationTimestamp ?? undefined,
      },
    ];
  const isRecent = completionTime !== undefined && nowMs - Date.parse(completionTime) < recentMs;
  if (phase !== 'Failed' || !isRecent) return [];
  return [{ ...base, kind: 'failed', cause: message, since: completionTime }];
};

const order: readonly Attention['kind'][] = ['node-lost', 'node-unwell', 'approval', 'joining', 'failed'];

/** The gravest first, and of those the newest. */
export const attentionOf = ({ nodes, requests, runs, transfers, nowMs }: FleetState): readonly Attention[] =>
  [
    ...nodes.flatMap(ofNode),
    ...requests.flatMap(ofRequest),
    ...[...runs, ...transfers].flatMap((work) => ofWork(work, nowMs)),
  ].sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || ((a.since ?? '') < (b.since ?? '') ? 1 : -1),
  );
