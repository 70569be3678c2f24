// Owns the contract between the server and what main.ts hands it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DrainStatus, ServerFacts, Signed } from '@drover/api';
import type { Admit } from '../auth/admission.ts';
import type { Auth } from '../auth/auth.ts';
import type { CertificateDesk } from '../auth/client-certificates.ts';
import type { PeopleDesk } from '../auth/people/desk.ts';
import type { RunPolicyDesk } from '../auth/run-policy/desk.ts';
import type { ServerTls } from '../auth/server-certificate.ts';
import type { Clock } from '../platform/clock.ts';
import type { DrainPart } from '../platform/drain.ts';
import type { Log } from '../platform/log.ts';
import type { OpenShell } from '../platform/shell.ts';
import type { Resources } from '../resources/resources.ts';
import type { BackupDesk } from '../store/backup/desk.ts';
import type { BackupRoutine } from '../store/backup/routine.ts';
import type { Rotation } from '../store/sealing/rotation.ts';
import type { Store } from '../store/store.ts';
import type { ConsoleFiles } from './console-files.ts';
import type { FairnessSettings } from './fairness/fairness.ts';
import type { ForwardDeps } from './forward.ts';
import type { Recorder } from './recorder.ts';
import type { ShownConfiguration } from './support-bundle/configuration.ts';

/** What the server uses of the auth room. */
export type ServerAuth = Pick<
  Auth,
  | 'authenticate'
  | 'isStillGood'
  | 'authorize'
  | 'rulesOf'
  | 'guard'
  | 'stamp'
  | 'policies'
  | 'checkMayReplace'
  | 'createLink'
  | 'takeLink'
  | 'createToken'
  | 'createAccountToken'
  | 'signOut'
>;

interface JoinInfo {
  readonly caPem: string;
  agentFile(): Promise<Buffer>;
  readonly config: {
    readonly agentPort: number;
    /** host:port of every controller; none: the one that is asked. */
    readonly controllers: readonly string[];
    readonly releasePublicKey: string;
  };
}

export type Tls = Pick<ServerTls, 'keyPem' | 'certPem'>;

export interface ServerOptions {
  readonly resources: Resources;
  readonly store: Store;
  readonly auth: ServerAuth;
  readonly people: Omit<PeopleDesk, 'close'>;
  readonly certificates: CertificateDesk;
  readonly tls: Tls;
  /** Answers /content/* once the caller is known and allowed; it reads the body itself. `ends`: see ContentHandler. */
  readonly content: (request: IncomingMessage, response: ServerResponse, ends: AbortSignal) => void;
  readonly openShell: OpenShell;
  readonly backups: Pick<BackupDesk, 'make' | 'read'>;
  /** Absent: no backups are made by the clock. */
  readonly backupRoutine?: Pick<BackupRoutine, 'status' | 'figures'> | undefined;
  readonly encryption: Pick<Rotation, 'status' | 'rotate'>;
  /** The end of this controller; `begin` returns at once. */
  readonly drain: { status(): DrainStatus; begin(why: string): void };
  /** Why nothing may be changed now (the audit trail cannot be copied and must be); undefined when it may. */
  readonly refusal?: () => string | undefined;
  /** Offers the agent file in force; throws ServiceUnavailable when the node is not connected. */
  readonly updateAgent: (node: string, signed?: Signed) => Promise<void>;
  readonly uninstallAgent: (node: string) => Promise<void>;
  /** Controllers of this fleet that are alive, this one among them. */
  readonly members: () => NonNullable<ServerFacts['controllers']>;
  /** Other controllers; absent: there are none. */
  readonly forward?: Omit<ForwardDeps, 'caPem'>;
  /** By resourceKey: a kind's own rule at creation. */
  readonly admission: Readonly<Record<string, Admit>>;
  readonly runPolicies: RunPolicyDesk;
  readonly joinInfo: JoinInfo;
  /** https://host:port by which others reach the controller. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  /** How the controller was started, as far as a support bundle may tell. */
  readonly configuration: ShownConfiguration;
  /** Absent: it has not been built; the plain pages stand in. */
  readonly console?: ConsoleFiles | undefined;
  readonly limits?: Partial<Limits>;
  /** Other seats and queues than those of fairness/flows.ts. */
  readonly fairness?: FairnessSettings;
}

/** Bounds on what a client can take from others; the defaults are in limits.ts. */
export interface Limits {
  readonly jsonBodyBytes: number;
  readonly yamlBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly connections: number;
  /** Connections that have not yet shown who they are; the oldest gives way to the newest. */
  readonly strangers: number;
  /** How long a watcher may leave its connection full before it is ended. */
  readonly slowWatchMs: number;
  /** Same for results, logs and downloads, which wait in the database, not in memory. */
  readonly slowStreamMs: number;
  /** A content transfer may take hours, but not without a byte for this long. */
  readonly contentIdleMs: number;
}

export interface ApiServer extends DrainPart {
  readonly port: number;
  /** What is kept of shells. */
  readonly recordings: Pick<Recorder, 'trim' | 'size'>;
  /** Takes a renewed server certificate into use for new connections. */
  setTls(tls: Tls): void;
  /** Ends every stream, answers what is under way, then closes. */
  close(): Promise<void>;
}
