// Owns the contract between whoever shows a terminal (server) and whoever reaches the node (gateway).
export interface ShellRequest {
  readonly node: string;
  /** '' : the agent's own user. */
  readonly user: string;
  readonly columns: number;
  readonly rows: number;
  /** Empty: the user's login shell. */
  readonly argv: readonly string[];
}

export interface ShellEvents {
  /** Resolves when the bytes have gone to the viewer; the node waits for it (flow control). */
  readonly onOutput: (data: Uint8Array) => Promise<void>;
  readonly onClose: (exitCode: number, reason: string) => void;
}

export interface Shell {
  write(data: Uint8Array): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  close(): Promise<void>;
}

/** Throws ApiError ServiceUnavailable when the node is not connected. */
export type OpenShell = (request: ShellRequest, events: ShellEvents) => Promise<Shell>;
