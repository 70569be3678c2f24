// Owns the backups that are made by the clock: when, where to, how many stay, and what became of the last (adr/0015).
// I1: what fell due while nobody was there is made once, as soon as somebody is; one that failed is tried again.
// I2: only files that were made here are ever removed, and only after a newer one is whole and durable.
// I3: a file has its name once it is whole; what a killed process left is known by name, and goes at the next start.
// I4: of several controllers the leader makes them, and goes on with the account of whoever led before: without it, it makes none. The
//     others look at it, so that each can tell how the last went.
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { ApiError, type BackupFile, type BackupsStatus } from '@drover/api';
import { toTimestamp } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import { pause } from '../../platform/pause.ts';
import { isMissing, type KeySource, nameOfSource } from '../sealing/key-source.ts';
import type { Store } from '../store.ts';
import { checkOpener, openerOf } from './opener.ts';
import { nextMs, RoutineAccount, withMade } from './routine-state.ts';
import { backupName, syncPath, toDiskError, type WriteDeps, writeBackup } from './write.ts';

/** As the start of the controller says it; checked. */
export interface BackupPlan {
  /** Absolute. */
  readonly directory: string;
  readonly schedule: string;
  readonly timeZone: string;
  readonly keep: number;
  readonly source: KeySource;
}

export type BackupNews =
  | { readonly kind: 'made'; readonly file: BackupFile }
  | { readonly kind: 'failed'; readonly message: string };

export interface RoutineDeps extends WriteDeps {
  readonly meta: Store['meta'];
  readonly log: Log;
  readonly tell: (news: BackupNews) => Promise<void>;
  /** I4; always unless given. */
  readonly leads?: () => boolean;
}

/** What the metrics show; times in ms, 0: never. */
export interface BackupFigures {
  readonly madeMs: number;
  readonly failedMs: number;
  readonly sizeBytes: number;
}

export interface BackupRoutine {
  status(): Promise<BackupsStatus>;
  figures(): BackupFigures;
  close(): Promise<void>;
}

/** The clock may be set, and the machine may sleep: it is looked at so often. */
const lookMs = 60_000;
/** Whether this controller leads, so often. */
const leadMs = 5_000;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

class RunningRoutine implements BackupRoutine {
  readonly #plan: BackupPlan;
  readonly #deps: RoutineDeps;
  readonly #stop = new AbortController();
  readonly #account: RoutineAccount;
  readonly #running: Promise<void>;
  #startedMs: number | undefined;

  constructor(plan: BackupPlan, deps: RoutineDeps, account: RoutineAccount) {
    this.#plan = plan;
    this.#deps = deps;
    this.#account = account;
    this.#running = this.#run();
  }

  async status(): Promise<BackupsStatus> {
    if (!this.#leads()) await this.#account.load();
    const { directory, schedule, timeZone, keep, source } = this.#plan;
    const { files, lastSuccess, lastFailure } = this.#account.state;
    const found = await Promise.all(files.map(({ name }) => isThere(join(directory, name))));
    const nowMs = this.#deps.clock.nowMs();
    return {
      schedule: {
        ...{ directory, schedule, timeZone, keep, key: nameOfSource(source, '') },
        nextAt: toTimestamp(Math.max(nowMs, nextMs(this.#account.state, nowMs))),
        ...(this.#startedMs !== undefined && { startedAt: toTimestamp(this.#startedMs) }),
        ...(lastSuccess && { lastSuccess }),
        ...(lastFailure && { lastFailure }),
      },
      files: files.filter((_file, index) => found[index]),
    };
  }

  readonly figures = (): BackupFigures => {
    const { lastSuccess, lastFailure } = this.#account.state;
    return {
      madeMs: lastSuccess === undefined ? 0 : Date.parse(lastSuccess.createdAt),
      failedMs: lastFailure === undefined ? 0 : Date.parse(lastFailure.at),
      sizeBytes: lastSuccess?.sizeBytes ?? 0,
    };
  };

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let isBegun = false;
    while (!this.#stop.signal.aborted) {
      isBegun = this.#leads() && (isBegun || (await this.#begin()));
      if (isBegun) await this.#step();
      else {
        // What cannot be read now can be at the next look.
        if (!this.#leads()) await this.#account.load().catch(() => undefined);
        await pause(leadMs, this.#stop.signal);
      }
    }
  }

  /** Waits for a while, or makes what is due. */
  async #step(): Promise<void> {
    const { clock, log } = this.#deps;
    try {
      const nowMs = clock.nowMs();
      // A clock that was ahead once must not put backups off until it is that time again.
      if (this.#account.state.settledMs > nowMs)
        await this.#account.change((state) => ({ ...state, settledMs: Math.min(state.settledMs, nowMs) }));
      const waitMs = nextMs(this.#account.state, nowMs) - nowMs;
      if (waitMs > 0) await pause(Math.min(waitMs, lookMs), this.#stop.signal);
      else await this.#make(nowMs);
    } catch (error) {
      log.error({ err: error }, 'cannot keep account of the backups: trying again');
      await pause(lookMs, this.#stop.signal);
    }
  }

  #leads(): boolean {
    return this.#deps.leads?.() ?? true;
  }

  async #make(nowMs: number): Promise<void> {
    const { log, tell, clock } = this.#deps;
    this.#startedMs = nowMs;
    try {
      const file = await this.#write(nowMs);
      log.info({ ...file, directory: this.#plan.directory }, 'a backup was made');
      await tell({ kind: 'made', file });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const message = reasonOf(error);
      log.error({ err: error, directory: this.#plan.directory }, 'cannot back up: trying again later');
      const lastFailure = { at: toTimestamp(clock.nowMs()), message };
      await this.#account.change((state) => ({ ...state, lastFailure, writing: undefined }));
      await tell({ kind: 'failed', message });
    } finally {
      this.#startedMs = undefined;
    }
  }

  async #write(nowMs: number): Promise<BackupFile> {
    const { directory, source } = this.#plan;
    await this.#clear();
    const writing = `.drover-${newId()}`;
    await this.#account.change((state) => ({ ...state, writing }));
    const path = join(directory, writing);
    const written = await writeBackup(this.#deps, { path, key: openerOf(source), signal: this.#stop.signal });
    const { about, digest, sizeBytes } = written;
    const { createdAt, revision } = about;
    const name = backupName(about);
    const file = { name, createdAt, revision, digest: digest.sha256, sizeBytes };
    await this.#name(path, join(directory, name));
    const endedMs = this.#deps.clock.nowMs();
    const seconds = Math.round((endedMs - nowMs) / 100) / 10;
    const made = { file, seconds, startedMs: nowMs, writing };
    await this.#account.change((state) => withMade(state, made, endedMs));
    await this.#trim();
    return file;
  }

  /** I3; another controller may put its own into the same directory. */
  async #name(path: string, target: string): Promise<void> {
    try {
      if (await isThere(target))
        throw new ApiError('AlreadyExists', `cannot back up: ${target} is there already`);
      await rename(path, target);
      await syncPath(this.#plan.directory);
    } catch (error) {
      await rm(path, { force: true });
      throw toDiskError(error, target);
    }
  }

  /** I3. */
  async #clear(): Promise<void> {
    const { writing } = this.#account.state;
    if (writing === undefined) return;
    const { directory } = this.#plan;
    const names = await readdir(directory).catch((error: unknown) => {
      throw toDiskError(error, join(directory, writing));
    });
    for (const name of names) if (name.startsWith(writing)) await rm(join(directory, name), { force: true });
    await this.#account.change((state) =>
      state.writing === writing ? { ...state, writing: undefined } : state,
    );
  }

  /** I2. What cannot be removed is tried again after the next backup. */
  async #trim(): Promise<void> {
    const { directory, keep } = this.#plan;
    const gone = new Set<string>();
    for (const { name: file } of this.#account.state.files.slice(keep)) {
      try {
        await rm(join(directory, file), { force: true });
        gone.add(file);
      } catch (error) {
        this.#deps.log.warn({ err: error, file }, 'cannot remove an old backup');
      }
    }
    if (gone.size === 0) return;
    await this.#account.change((state) => {
      const files = state.files.filter(({ name }) => !gone.has(name));
      return { ...state, files };
    });
  }

  /** Takes the account over (I4); false: that is to be tried again. */
  async #begin(): Promise<boolean> {
    const { log } = this.#deps;
    try {
      await this.#account.load();
      await this.#account.save();
    } catch (error) {
      log.warn({ err: error }, 'cannot take over the account of the backups: trying again');
      return false;
    }
    // Of a process that was killed. A directory that is away now is cleared before the next backup.
    await this.#clear().catch((error: unknown) =>
      log.warn({ err: error }, 'cannot remove what is left of a backup'),
    );
    return true;
  }
}

const refuseDirectory = (directory: string, why: string): ApiError =>
  new ApiError(
    'ServiceUnavailable',
    `cannot start: backups cannot be put into ${directory}: ${why}; choose another --backup-dir`,
  );

/** Made when only its last name is missing: a disk that is not mounted is not to be mistaken for it. */
const prepareDirectory = async (directory: string, dataDir: string): Promise<void> => {
  const inside = relative(dataDir, directory);
  if (!inside.startsWith('..') && !isAbsolute(inside))
    throw refuseDirectory(directory, 'it is in the data directory, and would be lost with it');
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      if ((await stat(directory)).isDirectory()) return;
      throw refuseDirectory(directory, 'it is not a directory');
    }
    throw refuseDirectory(
      directory,
      isMissing(error) ? 'the directory that it belongs into is not there' : reasonOf(error),
    );
  }
};

/** Backups by the clock until closed. Throws ApiError in one clear line when the plan cannot be followed. */
export const openBackupRoutine = async (plan: BackupPlan, deps: RoutineDeps): Promise<BackupRoutine> => {
  await checkOpener(plan.source);
  await prepareDirectory(plan.directory, deps.dataDir);
  const { directory, schedule, timeZone } = plan;
  const account = await RoutineAccount.open(deps.meta, { directory, schedule, timeZone }, deps.clock);
  return new RunningRoutine(plan, deps, account);
};
