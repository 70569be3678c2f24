// Owns the rows about runs and transfers that no request makes: on which nodes they really began, and how they ended.
// I1: 'start' is written before the first node can be given anything, so a node that ran something is in the trail. After
//     a crash in between it may stand there twice.
import { type AuditEntry, foldNodeSet } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { AuditStore } from '../../store/store.ts';

export interface AuditedWork {
  readonly kind: { readonly group: string; readonly plural: string };
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface WorkAudit {
  started(work: AuditedWork, nodes: readonly string[]): Promise<void>;
  ended(work: AuditedWork, outcome: string): Promise<void>;
}

/** Nodes named in one row: the trail is searched by node, so all of them are named, in as many rows as it takes. */
const nodesPerRow = 2_000;

const toEntry = (clock: Clock, verb: string, { kind, namespace, name, uid }: AuditedWork): AuditEntry => ({
  time: new Date(clock.nowMs()).toISOString(),
  user: 'system:controller',
  verb,
  group: kind.group,
  resource: kind.plural,
  namespace,
  name,
  uid,
  decision: 'allow',
});

export const createWorkAudit = (deps: {
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
}): WorkAudit => ({
  started: async (work, nodes) => {
    for (let at = 0; at < nodes.length; at += nodesPerRow) {
      const set = foldNodeSet(nodes.slice(at, at + nodesPerRow));
      await deps.audit.append({
        ...toEntry(deps.clock, 'start', work),
        nodes: { set, count: nodes.length },
      });
    }
  },
  ended: (work, outcome) => deps.audit.append({ ...toEntry(deps.clock, 'end', work), reason: outcome }),
});
