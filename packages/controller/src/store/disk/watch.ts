// Owns whether the disk of the data directory can be written, and what is refused while it cannot.
// I1: a write that the disk failed was not made and is not answered as made (sql/batch.ts I1). From then on writes are
//     refused without trying; reads go on.
// I2: on a full disk the reserve is given up, and only what makes room is written (admit.ts).
// I3: it is over when a trial has been committed; of a full disk, when there is room for the reserve again as well, on the
//     disk or in the database. That is looked at each second, so nothing has to be started anew.
// I4: the log hears of each change once, and of nothing in between (platform/disk-refusal.ts).
import { existsSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { type DiskFault, faultOf, isDiskRefusal, toDiskRefusal } from '../../platform/disk-refusal.ts';
import type { Log } from '../../platform/log.ts';
import { pause } from '../../platform/pause.ts';
import { createListeners } from '../listeners.ts';
import type { WriteOperations } from '../sql/operations.ts';
import type { Threads } from '../threads.ts';
import { isReading, mayUseReserve, outOfReserve } from './admit.ts';
import type { DiskCondition, DiskStore } from './disk-store.ts';
import { Reserve, roomBytes } from './reserve.ts';

interface Deps {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly lookMs?: number;
}

const lookMs = 1_000;

const remedies: Readonly<Record<DiskFault, string>> = {
  full: 'delete what is not needed there or give it more room',
  'read-only': 'look for its fault in the log of the kernel (dmesg) and make it writable',
  failing: 'look for its fault in the log of the kernel (dmesg), and for who may write there',
};

const words: Readonly<Record<DiskFault, string>> = {
  full: 'is full',
  'read-only': 'is read-only',
  failing: 'cannot be written',
};

/** Less free than this, and a start would fail half-way. */
const leastBytes = 4 * 1024 * 1024;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class DiskWatch implements DiskStore {
  readonly outOfReserve: DiskStore['outOfReserve'] = outOfReserve;
  readonly #deps: Deps;
  readonly #log: Log;
  readonly #reserve: Reserve;
  readonly #listeners;
  readonly #stop = new AbortController();
  #change = new AbortController();
  #condition: DiskCondition = { state: 'ok' };
  /** What the log and the listeners have heard (I4). */
  #told: DiskCondition['state'] = 'ok';
  #looking: Promise<void> | undefined;
  #making: Promise<void> | undefined;
  #threads: Threads | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#log = deps.log.child({ room: 'disk' });
    this.#reserve = new Reserve(deps.dataDir);
    this.#listeners = createListeners<DiskCondition>(this.#log);
  }

  get condition(): DiskCondition {
    return this.#condition;
  }

  get reserveBytes(): number {
    return this.#reserve.sizeBytes;
  }

  onChange(listener: (condition: DiskCondition) => void): () => void {
    return this.#listeners.add(listener);
  }

  check(): void {
    const { state } = this.#condition;
    if (state !== 'ok') throw this.#refusal(state);
  }

  async changed(timeoutMs: number): Promise<void> {
    await pause(timeoutMs, AbortSignal.any([this.#change.signal, this.#stop.signal]));
  }

  keepReserve(): void {
    this.#making ??= this.#makeReserve().finally(() => {
      this.#making = undefined;
    });
  }

  /** Before the data is opened. A start needs room, too, and what was kept for deletions is theirs after it as well. */
  async begin(): Promise<void> {
    const { dataDir } = this.#deps;
    if (!existsSync(join(dataDir, 'drover.db'))) return;
    const { bavail, bsize } = await statfs(dataDir);
    const least = this.reserveBytes > 0 ? leastBytes : roomBytes;
    if (bavail * bsize < least) this.#enter('full', 'it was full at the start');
  }

  /** Of these threads what writes is watched, and refused while it cannot be done (I1). */
  guard(threads: Threads): Threads {
    this.#threads = threads;
    return {
      ...threads,
      write: (operation, argument, options) => {
        const refusal = this.#refusalOf(operation, argument);
        if (refusal !== undefined) return Promise.reject(refusal);
        return threads.write(operation, argument, options).catch((error: unknown) => {
          throw isDiskRefusal(error) ? this.#failed(error) : error;
        });
      },
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#looking, this.#making]);
  }

  #refusalOf(operation: keyof WriteOperations, argument: unknown): Error | undefined {
    const { state } = this.#condition;
    if (state === 'ok' || isReading(operation)) return undefined;
    return state === 'full' && mayUseReserve(operation, argument) ? undefined : this.#refusal(state);
  }

  #refusal(fault: DiskFault, cause?: unknown): Error {
    const message = `cannot store: the disk of ${this.#deps.dataDir} ${words[fault]}; ${remedies[fault]}: the controller goes on by itself then`;
    return toDiskRefusal(fault, message, cause);
  }

  #failed(error: unknown): Error {
    const fault = isDiskRefusal(error) && error.reason === 'InsufficientStorage' ? 'full' : 'failing';
    if (this.#condition.state === 'ok') this.#enter(fault, reasonOf(error));
    const { state } = this.#condition;
    return this.#refusal(state === 'ok' ? fault : state, error);
  }

  #enter(fault: DiskFault, why: string): void {
    this.#condition = { state: fault, sinceMs: this.#deps.clock.nowMs(), why };
    if (fault === 'full') this.#giveUp();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  #tell(): void {
    if (this.#told === this.#condition.state) return;
    this.#told = this.#condition.state;
    const before = this.#change;
    this.#change = new AbortController();
    before.abort();
    this.#listeners.tell(this.#condition);
  }

  #giveUp(): void {
    try {
      this.#reserve.giveUp();
    } catch (err) {
      this.#log.warn({ err }, 'cannot give up the reserve');
    }
  }

  /** Resolves when it can be written again, or the store closes. */
  async #look(): Promise<void> {
    const signal = this.#stop.signal;
    // A fault of which SQLite tells no more than that it is one is named before it is waited for.
    await this.#lookOnce();
    while (!signal.aborted && this.#condition.state !== 'ok') {
      await pause(this.#deps.lookMs ?? lookMs, signal);
      if (!signal.aborted) await this.#lookOnce();
    }
  }

  async #lookOnce(): Promise<void> {
    const { state } = this.#condition;
    if (state === 'ok') return;
    const fault = await this.#try();
    // Of a store that closes nothing is known.
    if (this.#stop.signal.aborted) return;
    if (fault === undefined) return this.#leave();
    if (fault.state !== state) this.#enter(fault.state, fault.why);
    this.#tellFault(fault.state);
  }

  #tellFault(fault: DiskFault): void {
    if (this.#told === fault || this.#condition.state === 'ok') return;
    const { dataDir } = this.#deps;
    const fields = { dataDir, why: this.#condition.why };
    this.#log.error(fields, `the disk ${words[fault]}: reads go on; ${remedies[fault]}`);
    this.#tell();
  }

  /** What keeps it from being over (I3). */
  async #try(): Promise<{ readonly state: DiskFault; readonly why: string } | undefined> {
    if (this.#threads === undefined) return this.#known();
    try {
      await this.#tryFile();
      if (this.#condition.state === 'full' && !(await this.#hasRoom(this.#threads)))
        return { state: 'full', why: 'there is not enough room yet' };
      const value = new Date(this.#deps.clock.nowMs()).toISOString();
      await this.#threads.write('meta.set', { key: 'disk-trial', value });
      return undefined;
    } catch (error) {
      const state = isDiskRefusal(error) && error.reason === 'InsufficientStorage' ? 'full' : undefined;
      return { state: state ?? faultOf(error) ?? 'failing', why: reasonOf(error) };
    }
  }

  /** While the data is being opened. */
  #known(): { readonly state: DiskFault; readonly why: string } | undefined {
    return this.#condition.state === 'ok' ? undefined : this.#condition;
  }

  async #tryFile(): Promise<void> {
    const path = join(this.#deps.dataDir, '.disk-trial');
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile('trial');
      await file.sync();
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }

  async #hasRoom({ read }: Threads): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#deps.dataDir);
    const inside = await read('sizes.free', undefined);
    return bavail * bsize + inside >= roomBytes;
  }

  #leave(): void {
    const before = this.#condition;
    if (before.state === 'ok') return;
    const seconds = Math.round((this.#deps.clock.nowMs() - before.sinceMs) / 1_000);
    this.#condition = { state: 'ok', lastFault: { ...before, seconds } };
    if (this.#told === 'ok') this.#log.warn({ why: before.why }, 'a write failed, and the next went well');
    else this.#log.info({ seconds, was: before.state }, 'the disk can be written again');
    this.#tell();
    this.keepReserve();
  }

  async #makeReserve(): Promise<void> {
    await this.#reserve.make().catch((err: unknown) => {
      if (faultOf(err) === undefined) this.#log.warn({ err }, 'cannot make the reserve');
    });
    // It was made while the disk became full.
    if (this.#condition.state === 'full') this.#giveUp();
  }
}
