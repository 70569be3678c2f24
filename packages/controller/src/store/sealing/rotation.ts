// Owns the way of everything that is sealed under a new data key, in the background, while the controller serves.
// I1: an old key leaves the keyring only after everything sealed before that was counted, and none was under it; no controller
//     can store anything under it from then on.
// I2: nothing of it lives in memory only: as long as the keyring has old keys, a start goes on with it.
import { setTimeout as wait } from 'node:timers/promises';
import type { EncryptionStatus } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { KeySource } from './key-source.ts';
import type { Keyring } from './keyring.ts';
import type { SealedValues } from './objects.ts';

/** After something went wrong, such as a full disk. */
const retryMs = 30_000;

export interface Rotation {
  status(): Promise<EncryptionStatus>;
  /**
   * Begins with a new data key, and resolves once it seals; with `source`, the data keys are under that key-encryption
   * key from then on. Throws ApiError, having changed nothing, when that cannot be read.
   */
  rotate(source?: KeySource): Promise<void>;
  close(): Promise<void>;
}

export interface RotationDeps {
  readonly keyring: Keyring;
  readonly values: readonly SealedValues[];
  readonly clock: Clock;
  readonly log: Log;
}

interface Progress {
  readonly startedAt: string;
  done: number;
  /** What went wrong last; it is tried again. */
  message: string;
}

type Counts = readonly (readonly [name: string, counts: ReadonlyMap<number, number>])[];

const countAll = (values: readonly SealedValues[]): Promise<Counts> =>
  Promise.all(values.map(async (one) => [one.name, await one.counts()] as const));

const countOlder = (counts: Counts, than: number): number =>
  counts
    .flatMap(([, byKey]) => [...byKey])
    .reduce((sum, [number, count]) => sum + (number < than ? count : 0), 0);

const toStatus = (keyring: Keyring, counts: Counts, progress: Progress | undefined): EncryptionStatus => ({
  key: keyring.originName,
  dataKeys: keyring.keys.map(({ number, createdAt }) => ({
    number,
    createdAt,
    inUse: number === keyring.current,
    values: Object.fromEntries(counts.map(([name, byKey]) => [name, byKey.get(number) ?? 0])),
  })),
  ...(progress && {
    rotation: { ...progress, remaining: countOlder(counts, keyring.current) },
  }),
});

class RunningRotation implements Rotation {
  readonly #deps: RotationDeps;
  readonly #stop = new AbortController();
  #progress: Progress | undefined;
  #run: Promise<void> = Promise.resolve();

  constructor(deps: RotationDeps) {
    this.#deps = deps;
    deps.keyring.onAdopted(() => this.#go()); // whoever has begun it may be gone before its end
    this.#go();
  }

  async status(): Promise<EncryptionStatus> {
    const { keyring, values } = this.#deps;
    return toStatus(keyring, await countAll(values), this.#progress);
  }

  async rotate(source?: KeySource): Promise<void> {
    const { keyring, log } = this.#deps;
    const dataKey = await keyring.addKey(source);
    log.info({ dataKey, keyEncryption: keyring.originName }, 'a new data key seals from now on');
    this.#go();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  #go(): void {
    const { keyring, clock } = this.#deps;
    if (this.#progress !== undefined || keyring.keys.length < 2 || this.#stop.signal.aborted) return;
    const progress = { startedAt: new Date(clock.nowMs()).toISOString(), done: 0, message: '' };
    this.#progress = progress;
    this.#run = this.#resealAll(progress).finally(() => {
      this.#progress = undefined;
      // A key that was added after the last look.
      this.#go();
    });
  }

  async #resealAll(progress: Progress): Promise<void> {
    const { keyring, log } = this.#deps;
    const { signal } = this.#stop;
    while (keyring.keys.length > 1 && !signal.aborted) {
      try {
        await this.#pass(progress);
        progress.message = '';
      } catch (err) {
        log.error({ err }, 'cannot bring everything under the new data key: it is tried again');
        progress.message = err instanceof Error ? err.message : String(err);
        await wait(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** I1. */
  async #pass(progress: Progress): Promise<void> {
    const { keyring, values, log } = this.#deps;
    const { current } = keyring;
    for (const one of values) {
      let some = 1;
      while (some > 0 && !this.#stop.signal.aborted) {
        some = await one.resealSome();
        progress.done += some;
      }
    }
    if (this.#stop.signal.aborted || countOlder(await countAll(values), current) > 0) return;
    for (const one of values) if ((await one.bar?.(current)) === false) return;
    const dropped = await keyring.dropOlder(current);
    log.info({ dropped, resealed: progress.done }, 'dropped the data keys that nothing is under any more');
  }
}

/** Goes on at once with what an earlier process has begun. */
export const openRotation = (deps: RotationDeps): Rotation => new RunningRotation(deps);
