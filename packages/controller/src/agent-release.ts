// Owns the agent file in force: read from the repository, hashed and signed whenever it has changed.
import { readFile, stat } from 'node:fs/promises';
import { sha256Hex } from './platform/ids.ts';

export interface AgentRelease {
  readonly version: string;
  /** Hex. */
  readonly sha256: string;
  /** ECDSA P-256 with SHA-256 over the file, DER. */
  readonly signature: Uint8Array;
  readonly bytes: Buffer;
}

export interface AgentReleases {
  /** As of the last look. */
  readonly current: AgentRelease;
  /** Looks whether the file has changed. @throws Error when it cannot be read. */
  refresh(): Promise<AgentRelease>;
}

const versionOf = (source: string): string => /^VERSION = u?["']([^"']+)["']/m.exec(source)?.[1] ?? 'unknown';

/** @throws Error when the file is not there. */
export const openAgentReleases = async (deps: {
  readonly file: string;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}): Promise<AgentReleases> => {
  let seen = '';
  let current: AgentRelease | undefined;
  const refresh = async (): Promise<AgentRelease> => {
    const { mtimeMs, size } = await stat(deps.file);
    const stamp = `${mtimeMs} ${size}`;
    if (current && stamp === seen) return current;
    const bytes = await readFile(deps.file);
    current = {
      version: versionOf(bytes.toString()),
      sha256: sha256Hex(bytes),
      signature: deps.sign(bytes),
      bytes,
    };
    seen = stamp;
    return current;
  };
  const first = await refresh();
  return {
    get current() {
      return current ?? first;
    },
    refresh,
  };
};
