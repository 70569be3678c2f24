// Owns which of several servers that take writes is the right one. With each promotion of a standby a timeline with a higher number
// begins: one with a lower number has been replaced, but was frozen or cut off when that happened, and nobody has ended it.
// I1: the highest that was seen of a cluster (its servers have one identifier) is never gone back from, by no thread of the process.
// I2: what gives no number (it is like PostgreSQL, but no such server) is taken as it is.
// It needs nothing of ours: threads are started with it (thread.ts).
import { workerData } from 'node:worker_threads';

interface Timeline {
  readonly cluster: bigint;
  readonly number: bigint;
}

/** A process has to do with one cluster, or two when it moves data. */
const maxClusters = 16;
const cellBytes = BigInt64Array.BYTES_PER_ELEMENT;

const given: unknown = (workerData as { readonly timelines?: unknown } | null)?.timelines; // whatever started it

/** For the threads that this one starts (I1): pairs of a cluster and the highest number that was seen of it. */
export const timelines =
  given instanceof SharedArrayBuffer ? given : new SharedArrayBuffer(2 * maxClusters * cellBytes);
const cells = new BigInt64Array(timelines);
const timelineOf = new WeakMap<object, Timeline>();

/** Of a number that was seen; undefined: there is no room for more clusters. */
const cellOf = ({ cluster }: Timeline): number | undefined => {
  for (let at = 0; at < cells.length; at += 2) {
    const had = Atomics.compareExchange(cells, at, 0n, cluster);
    if (had === 0n || had === cluster) return at + 1;
  }
  return undefined;
};

const raise = (cell: number, number: bigint): void => {
  for (;;) {
    const seen = Atomics.load(cells, cell);
    if (seen >= number || Atomics.compareExchange(cells, cell, seen, number) === seen) return;
  }
};

/** To be asked of a server that takes writes: a standby does not know. */
export const timelineQuery = `SELECT system_identifier::text AS cluster, pg_walfile_name(pg_current_wal_lsn()) AS file
  FROM pg_control_system()`;

/** Remembers what a server that takes writes has answered to the query on `connection`. */
export const noteTimeline = (
  connection: object,
  { cluster, file }: { readonly cluster: string; readonly file: string },
): void => {
  // The first 8 hexadecimal digits of a segment's name are its timeline.
  const timeline = { cluster: BigInt(cluster), number: BigInt(`0x${file.slice(0, 8)}`) };
  timelineOf.set(connection, timeline);
  const cell = cellOf(timeline);
  if (cell !== undefined) raise(cell, timeline.number);
};

/** Whether a server with a higher number has been seen since. */
export const isReplaced = (connection: object): boolean => {
  const timeline = timelineOf.get(connection);
  const cell = timeline && cellOf(timeline);
  return cell !== undefined && timeline !== undefined && Atomics.load(cells, cell) > timeline.number;
};
