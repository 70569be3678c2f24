// Owns what is looked at of a data directory and its machine when the controller does not answer: facts, which checks/ judges.
// I1: nothing is changed: files are read, the database is opened for reading only.
import type { PortHolder } from '../../platform/port-holders.ts';
import type { Primary, ServerFact } from './server-facts.ts';

export type DirectoryFact =
  | { readonly kind: 'missing' }
  | { readonly kind: 'other' }
  | {
      readonly kind: 'directory';
      readonly owner: number;
      readonly mode: number;
      /** Code of the system's refusal to us, e.g. EACCES, EROFS; undefined: we may write there. */
      readonly refused: string | undefined;
    };

export type DatabaseFact =
  | { readonly kind: 'missing' }
  /** In a PostgreSQL database, as other files of the directory tell. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'foreign' }
  | {
      readonly kind: 'read';
      readonly schema: number;
      /** The newest that this program knows. */
      readonly known: number;
      /** What PRAGMA quick_check says; undefined: a controller works on it, or it is newer than this program. */
      readonly problems: readonly string[] | undefined;
    };

export type KeyringFact =
  | { readonly kind: 'missing' }
  | { readonly kind: 'closed'; readonly why: string }
  | { readonly kind: 'open' };

export interface PortFact {
  readonly option: 'port' | 'agent-port';
  readonly port: number;
  readonly holder: PortHolder | undefined;
}

export interface MachineFacts {
  readonly nowMs: number;
  readonly dataDir: string;
  /** Our own user. */
  readonly user: number;
  readonly directory: DirectoryFact;
  /** Files that hold secrets and that others may read or write. */
  readonly exposed: readonly string[];
  readonly disk:
    | {
        readonly freeBytes: number;
        readonly totalBytes: number;
        /** What the controller would give up (store/disk/reserve.ts). */
        readonly reserveBytes: number;
      }
    | undefined;
  /** The controller that holds the directory. */
  readonly holder: PortHolder | undefined;
  readonly database: DatabaseFact;
  /** Those that --store names; undefined: none was named. */
  readonly servers?: readonly ServerFact[] | undefined;
  readonly keyring: KeyringFact;
  readonly ports: readonly PortFact[];
  /** Ends of the newest certificates of the controller; those that are not known are left out. */
  readonly certificates: readonly { readonly of: 'authority' | 'server'; readonly notAfterMs: number }[];
  /** Copies of the audit trail with rows that the database lacks, and what to do. */
  readonly ahead: readonly { readonly message: string; readonly remedy: string }[];
  /** The last lines of controller.log that say error, oldest first. */
  readonly errors: readonly { readonly time: string; readonly message: string }[];
}

/** The server that takes writes. */
export const primaryOf = ({ servers = [] }: MachineFacts): Primary | undefined =>
  servers.find((fact) => fact.kind === 'primary');
