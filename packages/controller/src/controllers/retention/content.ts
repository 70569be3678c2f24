// Owns the removal of content that no transfer names.
// I1: of a transfer that is there, the list of files and the content that it names stay: of a push what it says, of a pull
//     what its nodes have brought.
// I2: what came since a pull began that has not ended stays: a node may have sent it and not yet said so.
// I3: what is to be named soon is safe for the grace: whoever uploads it, or asks whether it is there, renews its time.
//     The store compares that time as it removes, so nothing is removed that was asked for meanwhile.
import { ApiError, type FileTransfer, fileTransferKind, type Task } from '@drover/api';
import type { Resources } from '../../resources/resources.ts';
import { isFinalPhase } from '../work/work.ts';

interface OpenContent {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

export interface ContentDeps {
  readonly resources: Pick<Resources, 'list'>;
  readonly blobs: {
    open(sha256: string): Promise<OpenContent>;
    unusedSince(beforeMs: number): Promise<readonly string[]>;
    remove(sha256: string, unusedSinceMs: number): Promise<boolean>;
  };
  readonly tasksOf: (work: string) => Promise<readonly Pick<Task, 'result'>[]>;
}

/** More than the head of a list of files takes. */
const headBytes = 4_096;

const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

/** The first bytes; undefined: there is no such content. Throws when it cannot be read just now: nothing is removed then. */
const headOf = async (blobs: ContentDeps['blobs'], sha256: string): Promise<string | undefined> => {
  const file = await blobs.open(sha256).catch((error: unknown) => {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const buffer = Buffer.alloc(headBytes);
    const { bytesRead } = await file.read(buffer, 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
};

/** The content that a list of files is about (docs/protocol.md section 5); undefined: none, or it cannot be told. */
const contentOf = (head: string): string | undefined => {
  try {
    const content = fieldOf(JSON.parse(head.split('\n', 1)[0] ?? ''), 'content');
    return isHash(content) ? content : undefined;
  } catch {
    // It is no list of files: what it is was named all the same, and stays itself.
    return undefined;
  }
};

const transfersOf = (resources: ContentDeps['resources']): readonly FileTransfer[] =>
  // Stored objects have been validated by the schema of their kind.
  resources.list(fileTransferKind).items.map((object) => object as unknown as FileTransfer);

const pushedBy = (transfers: readonly FileTransfer[]): readonly string[] =>
  transfers.flatMap(({ spec: { manifest } }) => (manifest === undefined ? [] : [manifest]));

/** Everything that is named (I1). */
const namedBy = async (deps: ContentDeps, transfers: readonly FileTransfer[]): Promise<Set<string>> => {
  const lists = new Set(pushedBy(transfers));
  for (const { spec, metadata } of transfers) {
    if (spec.direction !== 'Pull') continue;
    for (const { result } of await deps.tasksOf(metadata.uid ?? '')) {
      const manifest = fieldOf(result?.detail, 'manifest');
      if (isHash(manifest)) lists.add(manifest);
    }
  }
  const named = new Set(lists);
  for (const list of lists) {
    const content = contentOf((await headOf(deps.blobs, list)) ?? '');
    if (content !== undefined) named.add(content);
  }
  return named;
};

/** I2. */
const oldestOpenPullMs = (transfers: readonly FileTransfer[]): number =>
  Math.min(
    ...transfers
      .filter(({ spec, status }) => spec.direction === 'Pull' && !isFinalPhase(status))
      .map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''))
      .filter((ms) => !Number.isNaN(ms)),
  );

/** Removes what nobody names and nobody has asked for since; returns how many. */
export const removeUnnamedContent = async (
  deps: ContentDeps,
  unusedSinceMs: number,
  signal: AbortSignal,
): Promise<number> => {
  const transfers = transfersOf(deps.resources);
  const beforeMs = Math.min(unusedSinceMs, oldestOpenPullMs(transfers));
  const unused = await deps.blobs.unusedSince(beforeMs);
  if (unused.length === 0) return 0;
  const named = await namedBy(deps, transfers);
  let removed = 0;
  for (const sha256 of unused) {
    if (signal.aborted) break;
    // A transfer may have been made since; what it names is looked at again without waiting for anything.
    if (named.has(sha256) || pushedBy(transfersOf(deps.resources)).includes(sha256)) continue;
    if (await deps.blobs.remove(sha256, beforeMs)) removed += 1;
  }
  return removed;
};
