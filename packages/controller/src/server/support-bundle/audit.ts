// Owns what a support bundle tells of the audit trail: how many were allowed and refused. The rows themselves name people
// and command lines: they are not in it.
import type { AuditStore } from '../../store/store.ts';

const pageRows = 1_000;
const maxRows = 10_000;

const raise = (counts: Record<string, number>, word: string): void => {
  counts[word] = (counts[word] ?? 0) + 1;
};

/** Of the newest 10,000 rows. */
export const countDecisions = async (audit: Pick<AuditStore, 'list' | 'head'>, signal: AbortSignal) => {
  const decisions: Record<string, number> = {};
  const codes: Record<string, number> = {};
  let [rows, since] = [0, ''];
  let before: number | undefined = Number.MAX_SAFE_INTEGER;
  while (before !== undefined && rows < maxRows) {
    signal.throwIfAborted();
    const { records, last } = await audit.list({ filter: {}, from: { before }, limit: pageRows });
    for (const { decision, code, time } of records) {
      raise(decisions, decision);
      if (code !== undefined) raise(codes, String(code));
      since = time;
    }
    rows += records.length;
    before = last;
  }
  return { newestRow: audit.head().seq, counted: rows, since, decisions, codes };
};
