// Owns the benchmark of where content is: the same bytes taken and given by a store with files and by one with PostgreSQL, in turns.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../packages/controller/src/platform/clock.ts';
import { silentLog } from '../packages/controller/src/platform/log.ts';
import { openStore } from '../packages/controller/src/store/index.ts';
import type { BlobStore } from '../packages/controller/src/store/store.ts';
import { PostgresServer } from '../test/harness/postgres.ts';
import { type Bench, type BenchContext, median, round } from './bench.ts';

const mib = 1024 ** 2;
const pieceBytes = mib / 2;
const tickMs = 10;

const makeContent = (sizeMib: number): Buffer => {
  const data = Buffer.alloc(sizeMib * mib);
  for (let at = 0; at < data.length; at += mib) randomBytes(mib).copy(data, at);
  return data;
};

async function* pieces(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += pieceBytes) yield data.subarray(at, at + pieceBytes);
}

const put = async (blobs: BlobStore, data: Buffer, sha256: string): Promise<void> => {
  const id = await blobs.beginUpload(data.length, systemClock.nowMs());
  await blobs.appendUpload(id, 0, pieces(data));
  await blobs.finishUpload(id, sha256, systemClock.nowMs());
};

const readAll = async (blobs: BlobStore, sha256: string): Promise<void> => {
  const file = await blobs.open(sha256);
  const part = Buffer.alloc(mib);
  for (let at = 0, bytes = 1; bytes > 0; at += bytes) bytes = (await file.read(part, 0, mib, at)).bytesRead;
  await file.close();
};

/** Processor time of a process and of those that it has started and are there, in ms. */
const treeMs = async (pid: number): Promise<number> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  let total = 0;
  for (const id of ids) {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      const isOurs = id === String(pid) || fields[1] === String(pid);
      if (isOurs) total += (Number(fields[11]) + Number(fields[12])) * tickMs;
    } catch {
      // It has ended meanwhile.
    }
  }
  return total;
};

interface Measured {
  readonly mibPerSecond: number;
  /** ms of processor for a MiB, of this process and of the database. */
  readonly ownMs: number;
  readonly databaseMs: number;
}

const measure = async (sizeMib: number, pid: number, work: () => Promise<void>): Promise<Measured> => {
  const [own, database, start] = [process.cpuUsage(), await treeMs(pid), performance.now()];
  await work();
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(own);
  return {
    mibPerSecond: sizeMib / seconds,
    ownMs: (used.user + used.system) / 1000 / sizeMib,
    databaseMs: ((await treeMs(pid)) - database) / sizeMib,
  };
};

const run = async (context: BenchContext): Promise<void> => {
  const [sizeMib, rounds] = context.quick ? [64, 2] : [256, 5];
  const dir = await mkdtemp(join(tmpdir(), 'drover-bench-content-'));
  context.defer(() => rm(dir, { recursive: true, force: true }));
  const server = await PostgresServer.start({ fsync: true });
  context.defer(() => server.close());
  await server.query('CREATE SCHEMA content');
  const base = { clock: systemClock, log: silentLog };
  const stores = {
    files: await openStore({ ...base, dataDir: join(dir, 'files') }),
    database: await openStore({ ...base, dataDir: join(dir, 'rows'), url: server.url('content') }),
  };
  context.defer(() => Promise.all(Object.values(stores).map((store) => store.close())).then(() => undefined));
  const all = new Map<string, Measured[]>();
  const note = (name: string, measured: Measured) => all.set(name, [...(all.get(name) ?? []), measured]);
  for (let turn = 0; turn < rounds; turn++) {
    context.say(`round ${turn + 1} of ${rounds}, ${sizeMib} MiB`);
    for (const [place, { blobs }] of Object.entries(stores)) {
      context.signal.throwIfAborted();
      const data = makeContent(sizeMib);
      const sha256 = createHash('sha256').update(data).digest('hex');
      note(`${place}Put`, await measure(sizeMib, server.pid, () => put(blobs, data, sha256)));
      note(`${place}Get`, await measure(sizeMib, server.pid, () => readAll(blobs, sha256)));
      note(`${place}Again`, await measure(sizeMib, server.pid, () => readAll(blobs, sha256)));
      await blobs.remove(sha256);
    }
  }
  for (const [name, measured] of all) {
    const middle = (of: keyof Measured) => median(measured.map((one) => one[of]));
    context.figure(`${name}MibPerSecond`, round(middle('mibPerSecond'), 0));
    context.figure(`${name}OwnMsPerMib`, round(middle('ownMs'), 2));
    context.figure(`${name}DatabaseMsPerMib`, round(middle('databaseMs'), 2));
  }
};

export const content: Bench = {
  name: 'content',
  explain:
    'bytes of files taken, given for the first time and given again by a store with files and by one with PostgreSQL: MiB/s, and processor time of each side',
  run,
};
