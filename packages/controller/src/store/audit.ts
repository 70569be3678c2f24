// Owns the main-thread side of the audit trail: where the chain stands, walking it, and telling who copies it.
import { type ChainPoint, chainStart } from '@drover/api';
import type { Log } from '../platform/log.ts';
import { withinScope } from './audit-scope.ts';
import { createListeners } from './listeners.ts';
import type { Reply } from './sql/batch.ts';
import type { AuditLine, AuditStore, AuditVerdict } from './store.ts';
import type { Threads } from './threads.ts';

const verifyRows = 2_000;

/** One walk from the anchor, in steps, so that other readers have their turn between. */
const walk = async (
  threads: () => Threads,
  anchor: ChainPoint,
  known: ChainPoint,
): Promise<Omit<AuditVerdict, 'first'>> => {
  let point = anchor;
  let rows = 0;
  let vouched = anchor.seq === 0;
  for (;;) {
    const step = await threads().read('audit.verify', { from: point, known, limit: verifyRows });
    point = step.point;
    if (step.problem !== undefined) return { rows, head: point, problem: step.problem };
    if (step.rows === 0) break;
    rows += step.rows;
    vouched ||= step.vouched;
  }
  const next = point.seq + 1;
  const cut = { seq: next, why: `row ${next} and what followed was removed` };
  const unvouched = { seq: anchor.seq, why: `the rows up to ${anchor.seq} were removed, not by retention` };
  const problem = point.seq < known.seq ? cut : vouched ? undefined : unvouched;
  return { rows, head: point, problem };
};

const verifyWith = (threads: () => Threads, head: () => ChainPoint): AuditStore['verify'] => {
  const verify = async (): Promise<AuditVerdict> => {
    const known = head();
    const anchor = await threads().read('audit.anchor', undefined);
    const found = await walk(threads, anchor, known);
    // Retention may have removed rows under our feet.
    const moved = (await threads().read('audit.anchor', undefined)).seq !== anchor.seq;
    return found.problem !== undefined && moved ? verify() : { ...found, first: anchor.seq + 1 };
  };
  return verify;
};

export interface AuditFace {
  readonly store: AuditStore;
  /** Reads where the chain stands. */
  resume(): Promise<void>;
  /** Tells what the batch that was just committed appended. */
  flush(reply: Reply): void;
  /** Tells that other controllers have appended, up to there. */
  tellOthers(point: ChainPoint | undefined): void;
}

export const createAudit = (deps: { readonly threads: () => Threads; readonly log: Log }): AuditFace => {
  const { threads } = deps;
  const listeners = createListeners<readonly AuditLine[]>(deps.log);
  let head = chainStart;
  return {
    store: {
      append: (entry) => threads().write('audit.append', entry),
      within: withinScope,
      list: (query) => threads().read('audit.list', query),
      verify: verifyWith(threads, () => head),
      trim: async ({ keepRows, olderThan, entry }) => {
        const keepFrom = head.seq - keepRows + 1;
        let removed = 0;
        for (;;) {
          const some = await threads().write('audit.trim', { keepFrom, olderThan, entry });
          if (some === 0) return removed;
          removed += some;
        }
      },
      head: () => head,
      onAppend: (listener) => listeners.add(listener),
    },
    resume: async () => {
      head = await threads().read('audit.head', undefined);
    },
    tellOthers: (point) => {
      if (point === undefined || point.seq <= head.seq) return;
      head = point;
      listeners.tell([]);
    },
    flush: ({ audit }) => {
      const last = audit.at(-1);
      if (last === undefined) return;
      head = { seq: last[0], hash: last[1] };
      listeners.tell(audit);
    },
  };
};
