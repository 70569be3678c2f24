// Owns checking a JSON-lines copy of the audit trail: its own chain, and that the store still has the same rows.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type AuditRecord, type ChainPoint, chainProblem } from '@drover/api/audit';
import { Failure, usageFailure } from '../failure.ts';

export interface FileVerdict {
  readonly rows: number;
  readonly first: number;
  readonly last: number;
}

interface Line {
  readonly at: string;
  readonly record: AuditRecord;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const untrusted = (why: string): Failure =>
  new Failure(`cannot trust the audit trail: ${why}`, {
    remedy:
      'keep a copy of the data directory and of audit.log as they are, and find out who could write there',
  });

const parseLine = (text: string, at: string): AuditRecord => {
  try {
    const record = JSON.parse(text) as AuditRecord;
    if (Number.isSafeInteger(record.seq)) return record;
  } catch {
    // Told below.
  }
  throw untrusted(`${at} is not a row`);
};

async function* readLines(paths: readonly string[]): AsyncGenerator<Line> {
  for (const path of paths) {
    let number = 0;
    try {
      for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
        number += 1;
        if (text !== '') yield { at: `${path}:${number}`, record: parseLine(text, `${path}:${number}`) };
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw usageFailure(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** The store's row of that number must be the same; rows before `first` retention has removed. */
const compare = async (
  { at, record }: Line,
  store: { readonly first: number; readonly rows: AsyncIterator<AuditRecord> },
): Promise<void> => {
  if (record.seq < store.first) return;
  const found = await store.rows.next();
  if (found.done === true)
    throw untrusted(`row ${record.seq} (${at}) is not in the store: its newest rows were removed`);
  const { seq, hash } = found.value;
  if (seq !== record.seq || hash !== record.hash)
    throw untrusted(`row ${record.seq} (${at}) is not the one that the store has`);
};

/**
 * Walks the files as one, oldest first. `openStore` gives the store's rows from a number on; absent: the files alone.
 * @throws Failure naming the first row that was removed or changed.
 */
export const verifyFiles = async (
  paths: readonly string[],
  store?: { readonly first: number; rowsFrom(seq: number): AsyncIterable<AuditRecord> },
): Promise<FileVerdict> => {
  let point: ChainPoint | undefined;
  let rows = 0;
  let first = 0;
  let stored: { readonly first: number; readonly rows: AsyncIterator<AuditRecord> } | undefined;
  for await (const line of readLines(paths)) {
    const { record, at } = line;
    if (point === undefined) {
      first = record.seq;
      const from = Math.max(first, store?.first ?? 0);
      stored = store && { first: from, rows: store.rowsFrom(from)[Symbol.asyncIterator]() };
    }
    const problem = chainProblem(point ?? { seq: record.seq - 1, hash: record.prev }, record, sha256);
    if (problem !== undefined) throw untrusted(`${problem.why} (${at})`);
    if (stored !== undefined) await compare(line, stored);
    point = { seq: record.seq, hash: record.hash };
    rows += 1;
  }
  return { rows, first, last: point?.seq ?? 0 };
};
