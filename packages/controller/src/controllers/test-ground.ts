// A real store, real resources and a real certificate authority, for the tests of controllers.
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allKinds } from '@drover/api';
import { x509 } from '../auth/x509.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createResources } from '../resources/index.ts';
import type { Resources } from '../resources/resources.ts';
import { openStore } from '../store/index.ts';
import type { Store } from '../store/store.ts';
import { testThreads } from '../store/test-threads.ts';

export interface Ground {
  readonly dir: string;
  readonly clock: Clock & { advance(ms: number): void };
  readonly store: Store;
  readonly resources: Resources;
  close(): Promise<void>;
}

export const openGround = async (): Promise<Ground> => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-controllers-'));
  let aheadMs = 0;
  const clock = {
    nowMs: () => systemClock.nowMs() + aheadMs,
    advance: (ms: number) => {
      aheadMs += ms;
    },
  };
  const store = await openStore({ dataDir: join(dir, 'data'), clock, log: silentLog, threads: testThreads });
  const resources = await createResources({ store, kinds: allKinds, clock, log: silentLog });
  return {
    dir,
    clock,
    store,
    resources,
    close: async () => {
      await resources.close();
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** Resolves to what `probe` gives once it gives something. */
export const until = async <T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> => {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited 10 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** A node's certificate request in PEM under a new key. */
export const makeRequest = async (node: string): Promise<string> => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: ['system:nodes'] }, { CN: [`system:node:${node}`] }],
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return `${request.toString('pem')}\n`;
};
