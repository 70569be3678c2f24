// Owns the recordings of shells, in asciicast v2; the store keeps them.
// I1: what a viewer sees has been handed to the store first; a shell that cannot be recorded is ended.
// I2: input is not recorded (it holds passwords); output and size changes are.
// I3: a recording cut by a crash is a valid one up to its last whole line.
// I4: one that goes on is never removed, however old it is or large all are.
import type { Readable } from 'node:stream';
import { ApiError } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import { toTimestamp } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { KnownRecording, RecordingStore, Tape } from '../store/recordings/recordings.ts';

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

const startRecording = async (tape: Tape, id: string, clock: Clock): Promise<Recording> => {
  const startMs = clock.nowMs();
  const decoder = new TextDecoder();
  let last: Promise<void> = Promise.resolve();
  const append = (code: 'o' | 'r', text: string): Promise<void> => {
    if (text === '') return last;
    const seconds = (clock.nowMs() - startMs) / 1_000;
    last = tape.append(`${JSON.stringify([seconds, code, text])}\n`);
    return last;
  };
  return {
    id,
    output: (data) => append('o', decoder.decode(data, { stream: true })),
    resized: (columns, rows) => append('r', `${columns}x${rows}`),
    close: async () => {
      try {
        await append('o', decoder.decode());
      } finally {
        await tape.close();
      }
    },
  };
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

const toInfo = ({ id, sizeBytes, endedMs, head, tail }: KnownRecording): RecordingInfo | undefined => {
  const header = parseLine(head.split('\n', 1)[0] ?? '') as Header | undefined;
  if (header === undefined) return undefined;
  return {
    id,
    node: header.drover.node,
    user: header.drover.user,
    startedAt: toTimestamp(header.timestamp * 1_000),
    seconds: lastSeconds(tail) || Math.max(0, Math.round(endedMs / 1_000 - header.timestamp)),
    sizeBytes,
  };
};

const trimTo = async (
  recordings: RecordingStore,
  { endedBeforeMs, mostBytes }: Parameters<Recorder['trim']>[0],
): Promise<number> => {
  const all = await recordings.all();
  let bytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let removed = 0;
  for (const { id, sizeBytes, endedMs, goesOn } of all) {
    if (goesOn || (endedMs >= endedBeforeMs && bytes <= mostBytes)) continue;
    if (!(await recordings.remove(id))) continue;
    bytes -= sizeBytes;
    removed += 1;
  }
  return removed;
};

const isId = (id: string): boolean => /^[0-9a-z]{26}$/.test(id);

export const createRecorder = ({
  recordings,
  clock,
}: {
  readonly recordings: RecordingStore;
  readonly clock: Clock;
}): Recorder => ({
  trim: (wish) => trimTo(recordings, wish),
  size: async () => {
    const all = await recordings.all();
    return { count: all.length, bytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  },
  start: async ({ node, user, columns, rows }) => {
    const id = newId();
    const header: Header = {
      version: 2,
      width: columns,
      height: rows,
      timestamp: Math.floor(clock.nowMs() / 1_000),
      title: `${user} on ${node}`,
      drover: { node, user },
    };
    return startRecording(await recordings.begin(id, `${JSON.stringify(header)}\n`), id, clock);
  },
  list: async (limit) => (await recordings.newest(limit)).map(toInfo).filter((info) => info !== undefined),
  read: async (id) => {
    // A recording that goes on is shown up to here: the length has been promised.
    if (isId(id)) return recordings.read(id);
    throw new ApiError('NotFound', `cannot find recording "${id.slice(0, 50)}"`);
  },
});
