// Owns the contract of the resources room: generic operations over every kind, on top of store.objects.
// I1: reads are served from one cache of current objects per process, fed by the store's commits in order;
//     a write resolves only after the cache shows it (read your writes).
// I2: what is stored has been defaulted and validated; status is written only through the status subresource.
import type { Kind, KubeObject } from '@drover/api';

export interface ListOptions {
  /** undefined: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
}

export interface ObjectList {
  readonly resourceVersion: string;
  readonly items: readonly KubeObject[];
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  /** Who writes, for metadata.managedFields; undefined: a controller of this process. */
  readonly fieldManager?: string;
  /** Ignore: drop unknown fields; Warn: drop and tell; Strict: refuse. Default Strict. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly onWarning?: (message: string) => void;
  readonly subresource?: 'status' | 'approval' | 'finalize';
  /**
   * Sees what is about to be stored, just as it will be (`before` undefined: created), also in a dry run, and throws
   * to refuse it. May be called again after a conflict.
   */
  readonly guard?: (before: KubeObject | undefined, after: KubeObject) => void;
  /** Same for an update, and may put in what only we write: what it returns is stored. */
  readonly stamp?: (before: KubeObject, after: KubeObject) => KubeObject;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over what others manage. */
  readonly force?: boolean;
  /** Asked when the object is to be made: may it, and as what? It may be asked again. */
  readonly beforeCreate?: (object: KubeObject) => Promise<unknown>;
}

export interface DeleteOptions {
  readonly dryRun?: boolean;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** Sees what is about to be deleted, as WriteOptions.guard; of many, each. */
  readonly guard?: (object: KubeObject) => void;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** undefined or '0': from now, after ADDED for all that is there. Else events after it; Expired when compacted. */
  readonly resourceVersion?: string;
  /** WatchList: ADDED for all, then a BOOKMARK annotated k8s.io/initial-events-end. */
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** Aborted: it ends once it has told everything, with a last bookmark where they are allowed. */
  readonly finish?: AbortSignal;
}

export interface Resources {
  /** All that are served; the same list until one is defined, changed or taken away. */
  readonly kinds: readonly Kind[];
  /** The version of a kind that users defined, as it is defined now; undefined when it is not served. */
  customKind(group: string, version: string, plural: string): Kind | undefined;
  /** By resourceKey; throws NotFound. */
  kind(resource: string): Kind;
  /** Deep-frozen current object; throws NotFound. */
  get(kind: Kind, namespace: string, name: string): KubeObject;
  /** Same, but undefined when absent. */
  find(kind: Kind, namespace: string, name: string): KubeObject | undefined;
  list(kind: Kind, options?: ListOptions): ObjectList;
  /** How many objects of the kind there are. */
  size(kind: Kind): number;
  create(kind: Kind, namespace: string, object: unknown, options?: WriteOptions): Promise<KubeObject>;
  update(
    kind: Kind,
    namespace: string,
    name: string,
    object: unknown,
    options?: WriteOptions,
  ): Promise<KubeObject>;
  patch(
    kind: Kind,
    namespace: string,
    name: string,
    patch: { readonly type: PatchType; readonly body: unknown },
    options?: WriteOptions,
  ): Promise<KubeObject>;
  /**
   * Server-side apply: makes the object, or changes what `object` says, and takes away what this manager applied before
   * and nobody manages any more. Throws Conflict with a cause for every field that another manages.
   */
  apply(
    kind: Kind,
    namespace: string,
    name: string,
    object: unknown,
    options: ApplyOptions,
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }>;
  /**
   * Read-modify-write with retry on conflict, for controllers. `change` returns the new object, or undefined to
   * leave it; it must be pure. Resolves to the object as it is now.
   */
  modify(
    kind: Kind,
    namespace: string,
    name: string,
    change: (object: KubeObject) => KubeObject | undefined,
    options?: WriteOptions,
  ): Promise<KubeObject>;
  /** Resolves to the object (with deletionTimestamp while finalizers hold it). */
  delete(kind: Kind, namespace: string, name: string, options?: DeleteOptions): Promise<KubeObject>;
  deleteCollection(kind: Kind, options: ListOptions & DeleteOptions): Promise<readonly KubeObject[]>;
  /**
   * Ends when the signal is aborted, the time is up or the room closes. Throws BadRequest and Expired at once where
   * that is known, else from the iterator. Events and objects are shared by all watchers and never change, so their
   * identity can key an encoding. No iteration, no cost: a watch that is never read needs no clean-up.
   */
  watch(kind: Kind, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** Newest revision the cache shows; of one kind: that of its last change. */
  revision(kind?: Kind): number;
  /**
   * Resolves when all that other controllers had written by now is shown; to false where there are none. To be asked before
   * anything is done because an object is not there, while a row says that it was.
   */
  catchUp(): Promise<boolean>;
  close(): Promise<void>;
}
