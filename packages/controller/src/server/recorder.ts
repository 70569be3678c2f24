// Owns the recordings of shells: asciicast v2 files under <data>/recordings.
// I1: what a viewer sees has been handed to the file first; a shell that cannot be recorded is ended.
// I2: input is not recorded (it holds passwords); output and size changes are.
// I3: a recording cut by a crash is a valid one up to its last whole line.
// I4: one that goes on is never removed, however old it is or large all are.
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { toTimestamp } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';

interface RecordingInfo {
  readonly id: string;
  readonly node: string;
  /** Who opened the shell. */
  readonly user: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly sizeBytes: number;
}

export interface Recording {
  readonly id: string;
  output(data: Uint8Array): Promise<void>;
  resized(columns: number, rows: number): Promise<void>;
  /** Durable once resolved. */
  close(): Promise<void>;
}

export interface Recorder {
  start(shell: {
    readonly node: string;
    readonly user: string;
    readonly columns: number;
    readonly rows: number;
  }): Promise<Recording>;
  /** Newest first, at most `limit`. */
  list(limit: number): Promise<readonly RecordingInfo[]>;
  /** Removes those that ended before, and the oldest while all are larger together; returns how many (I4). */
  trim(wish: { readonly endedBeforeMs: number; readonly mostBytes: number }): Promise<number>;
  size(): Promise<{ readonly count: number; readonly bytes: number }>;
  /** The asciicast file; throws NotFound. */
  read(id: string): Promise<{ readonly sizeBytes: number; readonly data: Readable }>;
}

interface Header {
  readonly version: 2;
  readonly width: number;
  readonly height: number;
  readonly timestamp: number;
  readonly title: string;
  /** Ours; players skip what they do not know. */
  readonly drover: { readonly node: string; readonly user: string };
}

const suffix = '.cast';
const headBytes = 8_192;
const tailBytes = 8_192;

const startRecording = async (
  file: FileHandle,
  id: string,
  header: Header,
  clock: Clock,
): Promise<Recording> => {
  const startMs = clock.nowMs();
  const decoder = new TextDecoder();
  // One write after the other, so that lines never mix.
  let last: Promise<unknown> = file.write(`${JSON.stringify(header)}\n`);
  const append = (code: 'o' | 'r', text: string): Promise<unknown> => {
    if (text === '') return last;
    const seconds = (clock.nowMs() - startMs) / 1_000;
    const line = `${JSON.stringify([seconds, code, text])}\n`;
    last = last.then(() => file.write(line));
    return last;
  };
  await last;
  return {
    id,
    output: async (data) => void (await append('o', decoder.decode(data, { stream: true }))),
    resized: async (columns, rows) => void (await append('r', `${columns}x${rows}`)),
    close: async () => {
      try {
        await append('o', decoder.decode());
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
};

const readPart = async (file: FileHandle, position: number, lengthBytes: number): Promise<string> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(lengthBytes), 0, lengthBytes, position);
  return buffer.toString('utf8', 0, bytesRead);
};

const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** Time of the last whole event; 0 when there is none within the tail. */
const lastSeconds = (tail: string): number => {
  const lines = tail.split('\n').reverse();
  for (const line of lines) {
    const event = line.startsWith('[') ? parseLine(line) : undefined;
    if (Array.isArray(event) && typeof event[0] === 'number') return event[0];
    // A single event may be longer than the tail: its time then is not known from here.
  }
  return 0;
};

const readInfo = async (path: string, id: string): Promise<RecordingInfo | undefined> => {
  const file = await open(path, 'r');
  try {
    const { size, mtimeMs } = await file.stat();
    const header = parseLine((await readPart(file, 0, headBytes)).split('\n', 1)[0] ?? '') as
      | Header
      | undefined;
    if (header === undefined) return undefined;
    const seconds = lastSeconds(await readPart(file, Math.max(0, size - tailBytes), tailBytes));
    return {
      id,
      node: header.drover.node,
      user: header.drover.user,
      startedAt: toTimestamp(header.timestamp * 1_000),
      seconds: seconds || Math.max(0, Math.round(mtimeMs / 1_000 - header.timestamp)),
      sizeBytes: size,
    };
  } finally {
    await file.close();
  }
};

interface RecordedFile {
  readonly path: string;
  readonly id: string;
  readonly sizeBytes: number;
  readonly endedMs: number;
}

/** Oldest first. */
const filesIn = async (directory: string): Promise<readonly RecordedFile[]> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith(suffix)).sort();
  const files: RecordedFile[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    const id = name.slice(0, -suffix.length);
    files.push({ path, id, sizeBytes: found.size, endedMs: found.mtimeMs });
  }
  return files;
};

const trimFiles = async (
  files: readonly RecordedFile[],
  { endedBeforeMs, mostBytes }: Parameters<Recorder['trim']>[0],
  goesOn: ReadonlySet<string>,
): Promise<number> => {
  let bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let removed = 0;
  for (const { path, id, sizeBytes, endedMs } of files) {
    if (goesOn.has(id) || (endedMs >= endedBeforeMs && bytes <= mostBytes)) continue;
    await rm(path, { force: true });
    bytes -= sizeBytes;
    removed += 1;
  }
  return removed;
};

const isId = (id: string): boolean => /^[0-9a-z]{26}$/.test(id);

/** Makes the directory when it is not there (mode 0700; files 0600). */
export const openRecorder = async (options: {
  readonly dataDir: string;
  readonly clock: Clock;
}): Promise<Recorder> => {
  const directory = join(options.dataDir, 'recordings');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const goesOn = new Set<string>();
  return {
    trim: async (wish) => trimFiles(await filesIn(directory), wish, goesOn),
    size: async () => {
      const files = await filesIn(directory);
      return { count: files.length, bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
    },
    start: async ({ node, user, columns, rows }) => {
      const id = newId();
      const file = await open(join(directory, id + suffix), 'wx', 0o600);
      const header: Header = {
        version: 2,
        width: columns,
        height: rows,
        timestamp: Math.floor(options.clock.nowMs() / 1_000),
        title: `${user} on ${node}`,
        drover: { node, user },
      };
      goesOn.add(id);
      const recording = await startRecording(file, id, header, options.clock);
      return {
        ...recording,
        close: () => recording.close().finally(() => goesOn.delete(id)),
      };
    },
    list: async (limit) => {
      const names = (await readdir(directory))
        .filter((name) => name.endsWith(suffix))
        .sort()
        .reverse();
      const infos: RecordingInfo[] = [];
      for (const name of names.slice(0, limit)) {
        const info = await readInfo(join(directory, name), name.slice(0, -suffix.length));
        if (info !== undefined) infos.push(info);
      }
      return infos;
    },
    read: async (id) => {
      const refused = new ApiError('NotFound', `cannot find recording "${id.slice(0, 50)}"`);
      if (!isId(id)) throw refused;
      const file = await open(join(directory, id + suffix), 'r').catch(() => {
        throw refused;
      });
      const { size } = await file.stat();
      if (size === 0) {
        await file.close();
        throw refused;
      }
      // A recording that goes on is shown up to here: the length has been promised.
      return { sizeBytes: size, data: file.createReadStream({ end: size - 1 }) };
    },
  };
};
