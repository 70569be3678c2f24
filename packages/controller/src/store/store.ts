// Owns the contract of the store: everything that must survive kill -9 goes through here.
// I1: a promise that resolves means durable (fsynced); what was not acknowledged may or may not be there.
// I2: listeners are told after the commit, in commit order, in the process that made it (one process, SQLite;
//     PostgreSQL will add LISTEN/NOTIFY behind the same calls).
// I3: no SQL outside this room. Rows are plain values; JSON columns arrive parsed.
import type {
  AuditEntry,
  AuditFilter,
  AuditRecord,
  ChainPoint,
  ChainProblem,
  FinalTaskState,
  KubeObject,
  Signed,
  Task,
  TaskCounts,
  TaskResult,
  TaskState,
} from '@drover/api';
import type { AgentStore } from './agent-store.ts';
import type { AuditScope } from './audit-scope.ts';
import type { CertificateRow, CredentialDetails, CredentialRow, NewCredential } from './credential-rows.ts';
import type { DiskStore } from './disk/disk-store.ts';
import type { MetaStore } from './meta-store.ts';
import type { CommittedRow, ObjectRow, SnapshotRow, StoredValue } from './object-rows.ts';
import type { RecordingStore } from './recordings/recordings.ts';
import type { SealedValues } from './sealing/objects.ts';

export type { TaskCounts, TaskResult };

export type Unsubscribe = () => void;

// ---- objects: the log of revisions -----------------------------------------------------------------------

export type { CommittedRow, ObjectRow, SnapshotRow, StoredValue };

/**
 * A write. `expect` is the revision that the current row must have: 0 = must not exist, undefined = do not care.
 * The stored value's metadata.resourceVersion is set by the store to the new revision.
 */
export interface ObjectWrite {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'created' | 'updated' | 'deleted';
  readonly value: KubeObject;
  readonly expect?: number;
  /** What must hold of a creation besides, where others write too: else Conflict. */
  readonly provided?: {
    /** The namespace is as it was at this revision. */
    readonly home?: number;
    /** The namespace has fewer objects of this resource. */
    readonly fewerThan?: number;
  };
}

export interface ObjectStore {
  /** Whether other controllers write to it too: what was looked at here may have changed when a write arrives. */
  readonly isShared: boolean;
  /** Resolves when all that others had written by now has been told; to false where there are no others. */
  catchUp(): Promise<boolean>;
  /**
   * All or nothing. Resolves to the rows in order, or throws ApiError AlreadyExists (expect 0), Conflict
   * (expect n) or NotFound (update or delete of what is not there).
   */
  write(writes: readonly ObjectWrite[]): Promise<readonly CommittedRow[]>;
  /** Newest row per key that is not deleted, ordered by resource, namespace, name, and the revision it is true at. */
  snapshot(): Promise<{ readonly revision: number; readonly rows: readonly SnapshotRow[] }>;
  /** Rows after `revision`, in order. Throws ApiError Expired if compaction removed any of them. */
  since(revision: number, limit: number): Promise<readonly ObjectRow[]>;
  /** Removes superseded rows and deletions older than `revision`; returns how many. */
  compact(revision: number): Promise<number>;
  onCommit(listener: (rows: readonly CommittedRow[]) => void): Unsubscribe;
}

// ---- tasks: what each node is to do, and what became of it -----------------------------------------------

/** For whom a task runs: what its maker was as they made it. */
export interface TaskAsker {
  readonly username: string;
  readonly groups: readonly string[];
  /** Somebody else has approved what a run policy asked about. */
  readonly approved: boolean;
}

export type TaskSpec = TaskDeed & {
  readonly signed?: Signed;
  /** Absent: made before it was noted. */
  readonly asker?: TaskAsker;
};

type TaskDeed =
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      readonly script: string;
      readonly user: string;
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly input: string;
      readonly maxOutputBytes: number;
    }
  | {
      readonly kind: 'push';
      readonly manifest: string;
      readonly path: string;
      readonly mode: string;
      readonly owner: string;
      readonly check: boolean;
    }
  | { readonly kind: 'pull'; readonly path: string; readonly check: boolean };

/** A task with what only the controller needs to know. */
export interface TaskRow extends Task {
  /** journalId of the agent it was sent to; '' before. */
  readonly journalId: string;
}

export interface NewTask {
  readonly id: string;
  readonly node: string;
  readonly index: number;
  readonly state: 'waiting' | 'queued';
  readonly timeoutMs: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface OutputRow {
  readonly taskId: string;
  readonly stream: 1 | 2;
  readonly offset: number;
  readonly timeMs: number;
  readonly data: Uint8Array;
}

export interface FinishedTask {
  readonly id: string;
  readonly state: FinalTaskState;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly result: TaskResult;
}

export interface TaskFilter {
  readonly work?: string;
  readonly node?: string;
  readonly states?: readonly TaskState[];
  /** Only rows with change > after, ordered by change. Without it rows are ordered by work, index. */
  readonly afterChange?: number;
  readonly afterIndex?: number;
  readonly limit?: number;
}

export interface TaskStore {
  /** Creates the work's tasks once: a second call for the same work inserts only ids that are missing. */
  insert(work: string, spec: TaskSpec, tasks: readonly NewTask[]): Promise<void>;
  spec(work: string): Promise<TaskSpec | undefined>;
  list(filter: TaskFilter): Promise<readonly TaskRow[]>;
  get(id: string): Promise<TaskRow | undefined>;
  /** The newest tasks of a node, newest first. */
  ofNode(node: string, limit: number): Promise<readonly TaskRow[]>;
  counts(work: string): Promise<TaskCounts>;
  /** waiting → queued. */
  release(ids: readonly string[]): Promise<void>;
  /** queued → sent, with the agent's journalId. Returns the ids that really were queued. */
  markSent(ids: readonly string[], journalId: string, nowMs: number): Promise<readonly string[]>;
  /**
   * sent → queued, after a reconnect of an agent (same journal) that does not know them; those marked for
   * cancelling end as cancelled.
   */
  requeue(ids: readonly string[], nowMs: number): Promise<void>;
  /** sent → running. */
  markStarted(started: readonly { readonly id: string; readonly timeMs: number }[]): Promise<void>;
  setProgress(
    progress: readonly { readonly id: string; readonly doneBytes: number; readonly totalBytes: number }[],
  ): Promise<void>;
  setMessage(ids: readonly string[], message: string): Promise<void>;
  /**
   * Any live state → final; tasks already final are left as they are (first result wins) and not returned.
   * `onlyFrom` narrows the states that may be finished, e.g. ['waiting', 'queued'] for what was never sent.
   */
  finish(tasks: readonly FinishedTask[], onlyFrom?: readonly TaskState[]): Promise<readonly string[]>;
  /** Marks for cancelling; what waits or is queued ends as cancelled at once, the rest when the agent says so. */
  requestCancel(work: string, nowMs: number): Promise<void>;
  /** Output, started, progress and results of one agent report in one transaction. Output already there is dropped by offset. */
  report(report: {
    readonly output: readonly OutputRow[];
    readonly started: readonly { readonly id: string; readonly timeMs: number }[];
    readonly progress: readonly {
      readonly id: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }[];
    readonly results: readonly FinishedTask[];
  }): Promise<void>;
  /** Chunks of one task from a byte offset of one stream, or of both in order of arrival (stream undefined, offset = arrival cursor). */
  output(query: {
    readonly taskId: string;
    readonly stream?: 1 | 2;
    readonly fromOffset: number;
    readonly limitBytes: number;
  }): Promise<readonly (OutputRow & { readonly cursor: number })[]>;
  /** Chunks of all tasks of a work in order of arrival, after a cursor: the live stream of a run. */
  outputOfWork(query: {
    readonly work: string;
    readonly afterCursor: number;
    readonly limitBytes: number;
  }): Promise<readonly (OutputRow & { readonly node: string; readonly cursor: number })[]>;
  /**
   * Tasks of a work grouped by identical ending: (state, exitCode, signal, sha256 of stdout, of stderr).
   * Used to fold identical outputs; `sample` is a task id whose output stands for the group.
   */
  fold(work: string): Promise<
    readonly {
      readonly state: TaskState;
      readonly exitCode: number;
      readonly signal: number;
      readonly reason: string;
      readonly sample: string;
      readonly nodes: readonly string[];
    }[]
  >;
  /** Removes tasks and output of a deleted work. */
  remove(work: string): Promise<void>;
  /** Changed tasks (new state) after each commit. */
  onChange(listener: (tasks: readonly TaskRow[]) => void): Unsubscribe;
  /** Task ids that got output, with their work. */
  onOutput(
    listener: (chunks: readonly { readonly work: string; readonly taskId: string }[]) => void,
  ): Unsubscribe;
}

// ---- credentials --------------------------------------------------------------------------------------------

export type { CertificateRow, CredentialDetails, CredentialRow, NewCredential };

export interface CredentialStore {
  addCertificate(row: CertificateRow): Promise<void>;
  certificate(serial: string): Promise<CertificateRow | undefined>;
  certificatesOf(subject: string): Promise<readonly CertificateRow[]>;
  /** Those that expired before: revoked, or followed by another of their subject. Returns how many. */
  removeExpiredCertificates(beforeMs: number): Promise<number>;
  revokeCertificates(subject: string, nowMs: number, serial?: string): Promise<readonly string[]>;
  onRevoke(listener: (serials: readonly string[]) => void): Unsubscribe;
  add(row: NewCredential): Promise<void>;
  byId(id: string): Promise<CredentialRow | undefined>;
  bySha256(sha256: string): Promise<CredentialRow | undefined>;
  /** Removes and returns it: single use, even when two ask at once. */
  take(sha256: string): Promise<CredentialRow | undefined>;
  remove(id: string): Promise<void>;
  list(kind: CredentialRow['kind']): Promise<readonly CredentialRow[]>;
  /** Of one user, all kinds. */
  ofUser(user: string): Promise<readonly CredentialRow[]>;
  touch(id: string, nowMs: number): Promise<void>;
  /** Ids of what was taken or removed, after the commit. */
  onRemove(listener: (ids: readonly string[]) => void): Unsubscribe;
}

/** What a person proves who they are with. Secrets that are only compared are hashes. */
export interface FactorRow {
  readonly id: string;
  /** Uid of the User. */
  readonly userUid: string;
  readonly kind: 'password' | 'totp' | 'recovery' | 'passkey' | 'identity';
  /** By which it is found: id of a passkey, method and subject of an account elsewhere; '' for the rest. */
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
  /** Only grows: the last time step of a code, the counter of a passkey. */
  readonly mark: number;
  /** Of a passkey: when somebody last signed in with it; 0: not yet. */
  readonly lastUsedMs: number;
}

/** Tries to sign in that failed, by a key of account or address. */
export interface FailedTryRow {
  readonly key: string;
  readonly count: number;
  readonly lastMs: number;
}

/** What waits for its one answer, as signing in goes over several requests; any controller may be asked the next one. */
export interface PendingStore {
  /** Of its room at most `most` wait; the oldest give way. */
  put(row: {
    readonly id: string;
    readonly room: string;
    readonly value: string;
    readonly untilMs: number;
    readonly nowMs: number;
    readonly most: number;
  }): Promise<void>;
  /** undefined: it is not there, or over. */
  find(id: string, nowMs: number): Promise<string | undefined>;
  /** False: somebody else has it. */
  take(id: string): Promise<boolean>;
}

export interface FactorStore {
  of(userUid: string): Promise<readonly FactorRow[]>;
  byKey(kind: FactorRow['kind'], key: string): Promise<FactorRow | undefined>;
  /** Uids of all who have any. */
  owners(): Promise<readonly string[]>;
  add(row: FactorRow): Promise<void>;
  /** All that the person has of these kinds gives way to the rows. */
  replace(userUid: string, kinds: readonly FactorRow['kind'][], rows: readonly FactorRow[]): Promise<void>;
  /** Removes and returns it: single use, even when two ask at once. */
  take(id: string): Promise<FactorRow | undefined>;
  /** Raises the mark; false when it is there already: of two who ask at once, one gets true. */
  advance(id: string, mark: number): Promise<boolean>;
  /** Notes that it has served. */
  touch(id: string, nowMs: number): Promise<void>;
  removeAll(userUid: string): Promise<void>;
  tries(): Promise<readonly FailedTryRow[]>;
  /** Those of these keys, as they are now; undefined where nobody else writes any. */
  triesOf(keys: readonly string[]): Promise<readonly FailedTryRow[] | undefined>;
  saveTry(row: FailedTryRow): Promise<void>;
  removeTries(keys: readonly string[]): Promise<void>;
}

// ---- content --------------------------------------------------------------------------------------------------

/** chunkSize bytes are hashed each; the last chunk may be shorter. */
export interface BlobRow {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly chunkSizeBytes: number;
  /** sha256 of each chunk, hex. */
  readonly chunks: readonly string[];
  /** When it was uploaded, or asked for again by `use`. */
  readonly createdAtMs: number;
}

/** Content that is open for reading, as a FileHandle is. */
export interface ContentFile {
  /** Fewer bytes than `length` may come; none at the end. */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** The index is in the database; where the bytes are: content/bodies.ts. */
export interface BlobStore {
  get(sha256: string): Promise<BlobRow | undefined>;
  /** Throws NotFound. Whoever opens it closes it. */
  open(sha256: string): Promise<ContentFile>;
  /** Starts an upload and returns its id; refuses (InsufficientStorage) when the disk would fill up. */
  beginUpload(sizeBytes: number, nowMs: number): Promise<string>;
  /** How many bytes of the upload are there. NotFound if there is no such upload. */
  uploadOffset(id: string): Promise<number>;
  /** Appends at exactly `offset` (Conflict otherwise) from a stream, in constant memory; returns the new offset. */
  appendUpload(id: string, offset: number, data: AsyncIterable<Uint8Array>): Promise<number>;
  /** Verifies sha256, makes it durable, indexes. Idempotent. Invalid when the hash differs. */
  finishUpload(id: string, sha256: string, nowMs: number): Promise<BlobRow>;
  /** Same as `get`, for somebody who is about to name it: its time is renewed, unless that is ten minutes old at most. */
  use(sha256: string, nowMs: number): Promise<BlobRow | undefined>;
  /** Those that were uploaded and asked for before, the oldest first. */
  unusedSince(beforeMs: number): Promise<readonly string[]>;
  /** Forgets uploads that were begun so long ago that nobody goes on with them; returns how many. */
  removeOldUploads(nowMs: number): Promise<number>;
  /** Whether it was removed: what somebody has uploaded or asked for since stays. */
  remove(sha256: string, unusedSinceMs?: number): Promise<boolean>;
}

// ---- sizes: what there is of all that grows -----------------------------------------------------------------------

export interface StoredSize {
  readonly name: 'revisions' | 'tasks' | 'output' | 'audit' | 'certificates' | 'content';
  readonly count: number;
  /** Of content exactly; of rows by what the newest thousand take. An estimate is the database's, with indexes. */
  readonly bytes: number;
  readonly isEstimate?: true;
}

export interface StoredSizes {
  readonly databaseBytes: number;
  readonly kept: readonly StoredSize[];
}

// ---- audit: who did what, as a chain of rows (@drover/api audit.ts) ------------------------------------------------

export type { AuditScope };

export interface AuditVerdict {
  /** How many rows were looked at. */
  readonly rows: number;
  readonly first: number;
  readonly head: ChainPoint;
  readonly problem: ChainProblem | undefined;
}

export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  /** Every object and credential that `work` writes takes a row along, in the same transaction (audit-scope.ts). */
  within<T>(scope: AuditScope, work: () => Promise<T>): Promise<T>;
  /**
   * Rows that the filter selects: newest first below `before`, or oldest first above `after`. A page may hold fewer
   * than `limit`, even none; `last` is where to go on from, undefined when there are no more.
   */
  list(query: {
    readonly filter: AuditFilter;
    readonly from: { readonly before: number } | { readonly after: number };
    readonly limit: number;
  }): Promise<{ readonly records: readonly AuditRecord[]; readonly last: number | undefined }>;
  /** Walks the whole chain, and knows what was written last. */
  verify(): Promise<AuditVerdict>;
  /** Removes the oldest rows: all but the newest `keepRows`, and those before `olderThan` (RFC 3339; '': none). */
  trim(wish: {
    readonly keepRows: number;
    readonly olderThan: string;
    readonly entry: AuditEntry;
  }): Promise<number>;
  /** The newest row that was written. */
  head(): ChainPoint;
  /** Lines of JSON, one for each row, in order, before the writes that made them are answered. */
  /** Rows that were written here; none: others were written elsewhere. */
  onAppend(listener: (lines: readonly AuditLine[]) => void): Unsubscribe;
}

/** A row as it is copied elsewhere: its number, its hash, and the whole record as one line of JSON. */
export type AuditLine = readonly [seq: number, hash: string, line: string];

// ---- all of it -------------------------------------------------------------------------------------------------

export interface Store {
  /** Whether other controllers write to it too. */
  readonly isShared: boolean;
  readonly objects: ObjectStore;
  readonly tasks: TaskStore;
  readonly agents: AgentStore;
  readonly credentials: CredentialStore;
  readonly factors: FactorStore;
  readonly pending: PendingStore;
  readonly blobs: BlobStore;
  readonly recordings: RecordingStore;
  sizes(): Promise<StoredSizes>;
  /** Gives room that nothing is in back to the disk, some at a time, so that others write meanwhile; returns how many bytes. */
  giveBack(signal: AbortSignal): Promise<number>;
  /** What of the rows is sealed; nothing when it was opened without a keyring. */
  readonly sealed: readonly SealedValues[];
  readonly audit: AuditStore;
  readonly disk: DiskStore;
  readonly meta: MetaStore;
  close(): Promise<void>;
}
