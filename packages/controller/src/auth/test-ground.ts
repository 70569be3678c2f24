// A real store in a directory of its own and a clock set by hand, for the tests of this room.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { openStore } from '../store/index.ts';
import type { Store } from '../store/store.ts';
import { testThreads } from '../store/test-threads.ts';

const run = promisify(execFile);

export interface HandClock extends Clock {
  advance(ms: number): void;
}

/** Starts at the real time, since TLS and openssl judge certificates by it. */
export const handClock = (): HandClock => {
  let nowMs = Math.floor(systemClock.nowMs() / 1000) * 1000;
  return {
    nowMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
};

export interface Ground {
  readonly dir: string;
  readonly clock: HandClock;
  readonly store: Store;
  /** A directory and a store for a new installation, sharing the database of credentials. */
  installation(): Promise<{ readonly dataDir: string; readonly store: Pick<Store, 'credentials' | 'meta'> }>;
  write(name: string, text: string | Uint8Array): Promise<string>;
  /** Output of the command; throws when it fails. */
  openssl(...args: readonly string[]): Promise<string>;
  /** A request in PEM, made by openssl, as an agent makes it. */
  request(
    node: string,
    options?: { readonly rsaBits?: number; readonly organization?: string },
  ): Promise<string>;
  /** File of the key of the newest request. */
  lastKey(): string;
  close(): Promise<void>;
}

export const openGround = async (): Promise<Ground> => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-auth-'));
  const clock = handClock();
  const store = await openStore({ dataDir: join(dir, 'data'), clock, log: silentLog, threads: testThreads });
  let count = 0;
  const openssl = async (...args: readonly string[]) => {
    const { stdout, stderr } = await run('openssl', [...args], { cwd: dir });
    return stdout + stderr;
  };
  const installation = async () => {
    const values = new Map<string, string>();
    const meta: Store['meta'] = {
      ...store.meta,
      get: async (key) => values.get(key),
      set: async (key, value) => {
        values.set(key, value);
      },
    };
    return {
      dataDir: await mkdtemp(join(dir, 'installation-')),
      store: { credentials: store.credentials, meta },
    };
  };
  return {
    dir,
    clock,
    store,
    installation,
    openssl,
    write: async (name, text) => {
      await writeFile(join(dir, name), text);
      return join(dir, name);
    },
    request: async (node, { rsaBits = 0, organization = 'system:nodes' } = {}) => {
      const key = `key${count++}.pem`;
      const kind =
        rsaBits > 0
          ? ['rsa', '-pkeyopt', `rsa_keygen_bits:${rsaBits}`]
          : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
      await openssl('genpkey', '-algorithm', ...kind, '-out', key);
      const subject = `/O=${organization}/CN=system:node:${node}`;
      const made = await run('openssl', ['req', '-new', '-key', key, '-subj', subject], { cwd: dir });
      return made.stdout;
    },
    lastKey: () => `key${count - 1}.pem`,
    close: async () => {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
