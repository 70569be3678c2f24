// Owns the contract between the gateway and what main.ts hands it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Signed } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { DrainPart } from '../platform/drain.ts';
import type { Fence } from '../platform/fence.ts';
import type { Log } from '../platform/log.ts';
import type { OpenShell } from '../platform/shell.ts';
import type { Store, TaskSpec } from '../store/store.ts';

/** The part of the certificate authority that a TLS server needs. */
export interface GatewayAuthority {
  readonly caPem: string;
  /** The server's own key and certificate chain, as of now. */
  serverTls(): { readonly keyPem: string; readonly certPem: string };
}

/** The agent file in force. signature: ECDSA P-256 with SHA-256 over the file, DER. */
export interface AgentFile {
  readonly version: string;
  /** Hex. */
  readonly sha256: string;
  readonly signature: Uint8Array;
  readonly bytes: Uint8Array;
}

export type GatewayStore = Pick<Store, 'tasks' | 'agents' | 'credentials' | 'disk'>;

/** What others may want to tell people about (Events); the state itself is in store.agents. */
export type GatewayEvent =
  | { readonly kind: 'connected'; readonly node: string; readonly address: string }
  | { readonly kind: 'disconnected'; readonly node: string; readonly reason: string }
  /** Another machine showed the certificate of this node. */
  | {
      readonly kind: 'clone-refused';
      readonly node: string;
      readonly address: string;
      readonly reason: string;
    }
  /** A certificate that is revoked or not ours. */
  | { readonly kind: 'refused'; readonly node: string; readonly address: string; readonly reason: string };

export interface GatewayOptions {
  readonly store: GatewayStore;
  /** Id of this controller, as the store has it; '' unless given. */
  readonly controller?: string;
  readonly authority: GatewayAuthority;
  /** Answers /content/* (content.ts). */
  readonly content: (request: IncomingMessage, response: ServerResponse) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The agent file in force, asked for at each use. */
  readonly agentRelease?: () => AgentFile | undefined;
  /** PKCS#10 in PEM from the holder of certificate `serial` → certificate in PEM. Throws ApiError to refuse. */
  readonly renew: (node: string, serial: string, requestPem: string) => Promise<string>;
  readonly onEvent: (event: GatewayEvent) => void;
  /** Whether a task may start on its node; absent: nothing keeps any. */
  readonly fence?: Fence<TaskSpec>;
  /** host:port of every controller, told to each agent that connects; absent or none: it has the one that it joined. */
  readonly controllers?: () => readonly string[];
  readonly settings?: Partial<GatewaySettings>;
}

export interface GatewaySettings {
  /** Agents beat this often; three missed beats end the session. */
  readonly heartbeatSeconds: number;
  readonly renewAtPercent: number;
  /** From TCP connection to the end of the TLS handshake, and from there to the answer to hello. */
  readonly handshakeTimeoutMs: number;
  /** Time an agent has to answer an ordinary call. */
  readonly callTimeoutMs: number;
  /** How long the live session has to answer when another machine claims its name. */
  readonly clonePingMs: number;
  /** Bytes of reports, of all nodes together, that may be in memory without an answer. */
  readonly unansweredBytes: number;
  /** TCP connections that have not finished TLS; the oldest gives way to the newest. */
  readonly strangers: number;
  /** Nodes that are served in one turn of the event loop when work goes out to many. */
  readonly sliceNodes: number;
}

export const defaultSettings: GatewaySettings = {
  heartbeatSeconds: 10,
  renewAtPercent: 66,
  handshakeTimeoutMs: 15_000,
  callTimeoutMs: 30_000,
  clonePingMs: 3_000,
  unansweredBytes: 16 * 1024 * 1024,
  strangers: 4_000,
  sliceNodes: 250,
};

export interface Gateway extends DrainPart {
  readonly port: number;
  readonly openShell: OpenShell;
  /**
   * Offers the agent file in force, with the signatures of operators for nodes that want them. Throws ApiError
   * ServiceUnavailable when the node is not connected.
   */
  updateAgent(node: string, signed?: Signed): Promise<void>;
  /** Asks the agent to remove itself; same errors. */
  uninstallAgent(node: string): Promise<void>;
  /** Ends the node's session, if there is one. */
  disconnect(node: string, reason: string): void;
  /** Takes a renewed server certificate into use for new connections. */
  refreshTls(): void;
  /** Answers what has been taken, ends every session, then closes. */
  close(): Promise<void>;
}
