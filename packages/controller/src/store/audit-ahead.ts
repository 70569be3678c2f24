// Owns what becomes of audit.log where it has rows that the store has not: the newest rows of the trail were cut off, or the
// database is an older one that was put back. The chain alone cannot show it (adr/0006).
// I1: nobody is kept from starting: a backup that was restored is older by right.
// I2: such a copy is never written on. It is set aside as evidence, named after the rows that only it has, and the copy
//     begins anew with all that the store has.
// I3: it is told at each start, and to whoever asks how the controller is, until somebody has moved the file away.
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditStore } from './store.ts';

/** Rows `first` to `last` of the trail are in this file of the data directory, and not in the store. */
export interface AheadFile {
  readonly file: string;
  readonly first: number;
  readonly last: number;
}

interface Point {
  readonly seq: number;
  readonly hash: string;
}

const copy = 'audit.log';
const tailBytes = 1024 * 1024;

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** A row as a line has it; undefined: it is none, such as one that a crash has cut. */
const toPoint = (line: string): Point | undefined => {
  try {
    const { seq, hash } = JSON.parse(line) as Partial<Point>;
    return typeof seq === 'number' && typeof hash === 'string' ? { seq, hash } : undefined;
  } catch {
    return undefined;
  }
};

const pointsIn = (text: string): readonly Point[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : (toPoint(line) ?? [])));

/** The last whole row of a file; undefined: it has none, or is not there. */
const lastPoint = async (path: string): Promise<Point | undefined> => {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return pointsIn(buffer.subarray(0, bytesRead).toString()).at(-1);
  } finally {
    await file.close();
  }
};

/** Whether the store has the row, or had it: of what retention has removed nothing can be said. */
const hasRow = async (audit: Pick<AuditStore, 'list'>, { seq, hash }: Point): Promise<boolean> => {
  const { records } = await audit.list({ filter: {}, from: { after: seq - 1 }, limit: 1 });
  const [record] = records;
  return record !== undefined && (record.seq > seq || record.hash === hash);
};

/** Number of the first row that the store has not: rows are a chain, so that none behind it is there either. */
const firstAhead = async (audit: Pick<AuditStore, 'list'>, points: readonly Point[]): Promise<number> => {
  let [from, to] = [0, points.length - 1];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const point = points[middle];
    if (point !== undefined && (await hasRow(audit, point))) from = middle + 1;
    else to = middle;
  }
  return points[from]?.seq ?? 0;
};

const nameOf = ({ first, last }: Omit<AheadFile, 'file'>): string => `${copy}.ahead-${first}-${last}`;

/** Those that lie in the data directory (I3). */
export const aheadFiles = async (dataDir: string): Promise<readonly AheadFile[]> => {
  const names = await readdir(dataDir).catch(() => []);
  return names.sort().flatMap((file) => {
    const [, first, last] = /^audit\.log\.ahead-(\d+)-(\d+)$/.exec(file) ?? [];
    return first === undefined || last === undefined
      ? []
      : [{ file, first: Number(first), last: Number(last) }];
  });
};

/** What people are told of it, and what to do. */
export const aheadWords = (dataDir: string, { file, first, last }: AheadFile) => ({
  message: `rows ${first} to ${last} of the trail are in ${file} but not in the store: they were cut off, or an older database was put back`,
  remedy: `run drover audit verify --file ${join(dataDir, file)}; if a backup was restored here, that is why: then move the file away`,
});

/** I2: of the newest copies all that end with a row that the store has not. Before anything is copied. */
export const setAside = async (audit: Pick<AuditStore, 'list'>, dataDir: string): Promise<void> => {
  for (let number = 0; ; number++) {
    const path = join(dataDir, number === 0 ? copy : `${copy}.${number}`);
    const last = await lastPoint(path);
    // The newest may be empty, or not be there, where a crash fell between a rotation and its first row.
    if (last === undefined && number === 0) continue;
    if (last === undefined || (await hasRow(audit, last))) return;
    const first = await firstAhead(audit, pointsIn(await readFile(path, 'utf8')));
    await rename(path, join(dataDir, nameOf({ first, last: last.seq })));
  }
};
