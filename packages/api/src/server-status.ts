// Owns what the controller tells of itself (GET /server-status): figures, and what follows from them in words.
import type { Kept, RetentionSpec } from './kinds/retention-policy.ts';

/** One thing that was looked at. ok: as it should be; warn: it may become wrong; fail: somebody must act. */
export interface Check {
  /** A word or two: disk, last backup ... */
  readonly name: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly message: string;
  /** What to do; absent where nothing is to be done. */
  readonly remedy?: string;
}

export interface ServerFacts {
  readonly version: string;
  /** Those that are alive; one of a version before this was told does not tell. */
  readonly controllers?: readonly {
    /** Its id. */
    readonly controller: string;
    /** Where others reach it. */
    readonly address: string;
    readonly version: string | undefined;
    readonly leads: boolean;
  }[];
  readonly measuredAt: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly store: {
    readonly kind: string;
    readonly databaseBytes: number;
    /** Of all that grows; as counted last (RetentionPolicy status). */
    readonly kept: readonly Kept[];
    readonly bounds: RetentionSpec;
  };
  readonly nodes: {
    readonly known: number;
    readonly connected: number;
    /** Whose clock differs from ours by more than a second, the worst first, at most twenty; above 0: ahead. */
    readonly clockSkew: readonly { readonly node: string; readonly milliseconds: number }[];
  };
  /** Per priority level. */
  readonly requests: Readonly<
    Record<string, { readonly queued: number; readonly executing: number; readonly longRunning: number }>
  >;
  /** Runs and transfers that have not ended. */
  readonly activeWork: number;
  readonly eventLoop: {
    /** Of the time since it was last asked for. */
    readonly p99DelayMs: number;
    readonly maxDelayMs: number;
  };
  readonly memory: {
    readonly residentBytes: number;
    readonly machineBytes: number;
    readonly machineFreeBytes: number;
  };
  /** Of the data directory. */
  readonly disk: {
    readonly directory: string;
    readonly state: 'ok' | 'full' | 'read-only' | 'failing';
    /** Unless it is ok. */
    readonly why?: string;
    readonly since?: string;
    readonly totalBytes: number;
    readonly freeBytes: number;
    readonly inodes: number;
    readonly freeInodes: number;
    /** Room that is given up when it is full. */
    readonly reserveBytes: number;
  };
  readonly backups: {
    readonly byClock: boolean;
    readonly lastAt?: string;
    readonly ageSeconds?: number;
    readonly nextAt?: string;
    readonly lastFailure?: { readonly at: string; readonly message: string };
  };
  readonly certificates: readonly { readonly of: string; readonly notAfter: string }[];
  readonly encryption: {
    /** Where the key-encryption key comes from. */
    readonly key: string;
    readonly dataKeys: number;
    readonly rotating: boolean;
  };
  readonly audit: {
    readonly rows: number;
    readonly head: string;
    /** Why its copy in audit.log keeps changes from being made; absent: it does not. */
    readonly refusal?: string;
    /** Rows that a copy has and the store has not, in words; absent: there are none. */
    readonly ahead?: readonly { readonly message: string; readonly remedy: string }[];
  };
}

/** GET /server-status. */
export interface ServerStatus extends ServerFacts {
  readonly checks: readonly Check[];
}
