// Owns the bulk facts of a CommandRun or FileTransfer: results, log, fold.
// I1: streams go on over cuts and restarts of the controller from the last cursor: nothing is lost or repeated.
import type {
  CommandRun,
  FileTransfer,
  FinalTaskState,
  Task,
  TaskCounts,
  TaskResult,
  TaskState,
} from '@drover/api';
import { type KindReference, toObjectPath } from './kinds.ts';
import { type ResumeOptions, resumed } from './resume.ts';
import type { Transport } from './transport.ts';

export type { Task, TaskCounts, TaskResult };

export type Work = CommandRun | FileTransfer;

/** Which piece of work. */
export interface WorkReference<T extends Work = Work> {
  readonly kind: KindReference<T>;
  readonly name: string;
  /** Default "default". */
  readonly namespace?: string | undefined;
}

export interface ResultsPage {
  readonly items: readonly Task[];
  readonly counts: TaskCounts;
  readonly cursor: number;
  readonly continue?: string;
}

export type ResultsEvent<T extends Work = Work> =
  | { readonly type: 'TASK'; readonly task: Task }
  | { readonly type: 'STATUS'; readonly object: T }
  | { readonly type: 'END' };

export interface LogChunk {
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  /** Of the first byte, within the node's stream. */
  readonly offset: number;
  readonly timeMs: number;
  readonly data: Uint8Array;
  readonly cursor: number;
}

export interface FoldedGroup {
  readonly state: FinalTaskState;
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: string;
  readonly nodeSet: string;
  readonly count: number;
  /** First 64 KiB. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

export interface Fold {
  readonly groups: readonly FoldedGroup[];
  /** Nodes from which a result is still expected, as a node-set. */
  readonly silent: string;
}

export interface ResultsFilter {
  readonly node?: string | undefined;
  readonly states?: readonly TaskState[] | undefined;
}

export interface WorkApi {
  results(
    work: WorkReference,
    options?: ResultsFilter & { limit?: number; continue?: string; signal?: AbortSignal },
  ): Promise<ResultsPage>;
  /** Every task, fetched in pages. */
  allResults(work: WorkReference, options?: ResultsFilter & { signal?: AbortSignal }): AsyncIterable<Task>;
  /** Changes after `cursor` (0: everything), until END. */
  watchResults<T extends Work>(
    work: WorkReference<T>,
    options?: ResultsFilter & ResumeOptions & { readonly cursor?: number },
  ): AsyncIterable<ResultsEvent<T>>;
  /** Output of all nodes, or of one, in order of arrival. */
  log(
    work: WorkReference,
    options?: ResumeOptions & {
      readonly node?: string;
      readonly cursor?: number;
      readonly follow?: boolean;
    },
  ): AsyncIterable<LogChunk>;
  /** One stream of one node as bytes. */
  nodeLog(
    work: WorkReference,
    node: string,
    options?: ResumeOptions & {
      readonly stream?: 'stdout' | 'stderr';
      readonly offset?: number;
      readonly follow?: boolean;
    },
  ): AsyncIterable<Uint8Array>;
  fold(work: WorkReference, options?: { readonly signal?: AbortSignal }): Promise<Fold>;
}

const pathOf = ({ kind, name, namespace }: WorkReference, part: string): string =>
  `${toObjectPath(kind, name, namespace)}/${part}`;

const filterQuery = ({ node, states }: ResultsFilter) => ({ node, state: states?.join(',') });

const flag = (value: boolean | undefined): 1 | undefined => (value === true ? 1 : undefined);

type Sent<T> = Omit<T, 'data'> & { readonly data: string };

/** Bytes of base64, in Node.js and in a browser. A loop: it is ten times faster there than Uint8Array.from. */
const fromBase64 = (text: string): Uint8Array => {
  if (typeof Buffer !== 'undefined') return Buffer.from(text, 'base64');
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
};

const createResults = (http: Transport): Pick<WorkApi, 'results' | 'allResults' | 'watchResults'> => {
  const results: WorkApi['results'] = (work, options = {}) =>
    http.json({
      path: pathOf(work, 'results'),
      query: { ...filterQuery(options), limit: options.limit, continue: options.continue },
      signal: options.signal,
    });
  return {
    results,
    async *allResults(work, options = {}) {
      let next: string | undefined;
      do {
        const page: ResultsPage = await results(work, { ...options, ...(next ? { continue: next } : {}) });
        yield* page.items;
        next = page.continue;
      } while (next !== undefined);
    },
    watchResults<T extends Work>(
      work: WorkReference<T>,
      options: ResultsFilter & ResumeOptions & { readonly cursor?: number } = {},
    ) {
      let cursor = options.cursor ?? 0;
      const ask = async function* (): AsyncGenerator<ResultsEvent<T>> {
        const events = http.lines<ResultsEvent<T>>({
          path: pathOf(work, 'results'),
          query: { ...filterQuery(options), watch: 1, cursor },
          signal: options.signal,
        });
        for await (const event of events) {
          if (event.type === 'TASK') cursor = event.task.change;
          yield event;
        }
      };
      return resumed(ask, options);
    },
  };
};

const createLogs = (http: Transport): Pick<WorkApi, 'log' | 'nodeLog'> => ({
  log(work, options = {}) {
    let cursor = options.cursor ?? 0;
    const ask = async function* (): AsyncGenerator<LogChunk> {
      const { node } = options;
      const one = node === undefined ? {} : { node, lines: 1 };
      const query = { ...one, cursor, follow: flag(options.follow) };
      const path = pathOf(work, 'log');
      for await (const line of http.lines<Sent<LogChunk>>({ path, query, signal: options.signal })) {
        cursor = line.cursor;
        yield { ...line, data: fromBase64(line.data) };
      }
    };
    return resumed(ask, options);
  },
  nodeLog(work, node, options = {}) {
    const stream = options.stream ?? 'stdout';
    let offset = options.offset ?? 0;
    const ask = async function* (): AsyncGenerator<Uint8Array> {
      const query = { node, stream, offset, follow: flag(options.follow) };
      for await (const part of http.bytes({ path: pathOf(work, 'log'), query, signal: options.signal })) {
        offset += part.length;
        yield part;
      }
    };
    return resumed(ask, options);
  },
});

type SentGroup = Omit<FoldedGroup, 'stdout' | 'stderr'> & {
  readonly stdout: string;
  readonly stderr: string;
};

export const createWorkApi = (http: Transport): WorkApi => ({
  ...createResults(http),
  ...createLogs(http),
  fold: async (work, { signal } = {}) => {
    const sent = await http.json<{ readonly groups: readonly SentGroup[]; readonly silent: string }>({
      path: pathOf(work, 'fold'),
      signal,
    });
    const groups = sent.groups.map((group) => ({
      ...group,
      stdout: fromBase64(group.stdout),
      stderr: fromBase64(group.stderr),
    }));
    return { groups, silent: sent.silent };
  },
});
