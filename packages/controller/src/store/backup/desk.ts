// Owns backups that are made to be fetched: encrypted files in <dataDir>/staging, one at a time.
// I1: nothing stays: a backup goes when the next is begun, after `keepMs`, and with what a killed process left at the start.
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ApiError, type BackupInfo } from '@drover/api';
import type { Hold } from '../../platform/hold.ts';
import { newId } from '../../platform/ids.ts';
import type { BackupKey } from './container.ts';
import { type WriteDeps, type WrittenBackup, writeBackup } from './write.ts';

const keepMs = 3_600_000;

interface Deps extends WriteDeps {
  /** Keeps the files that are in the backup from being removed by retention meanwhile. */
  readonly hold?: Hold;
}

export interface BackupDesk {
  /** Throws Conflict while another is made. */
  make(key: BackupKey, signal: AbortSignal): Promise<BackupInfo>;
  /** The bytes of the one that was made last. Throws NotFound. */
  read(id: string): Promise<{ readonly sizeBytes: number; readonly data: Readable }>;
  close(): Promise<void>;
}

export const toBackupInfo = (id: string, { about, digest, sizeBytes }: WrittenBackup): BackupInfo => {
  const { drover, createdAt, revision, counts } = about;
  return { id, drover, createdAt, revision, counts, digest: digest.sha256, sizeBytes };
};

class StagedBackups implements BackupDesk {
  readonly #deps: Deps;
  readonly #stop = new AbortController();
  #made: string | undefined;
  #making: Promise<unknown> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get #folder(): string {
    return join(this.#deps.dataDir, 'staging');
  }

  async make(key: BackupKey, signal: AbortSignal): Promise<BackupInfo> {
    if (this.#making !== undefined)
      throw new ApiError(
        'Conflict',
        'cannot back up: another backup is being made; try again when it is done',
      );
    const making = this.#write(key, AbortSignal.any([signal, this.#stop.signal]));
    this.#making = making.catch(() => undefined);
    try {
      return await making;
    } finally {
      this.#making = undefined;
    }
  }

  async #write(key: BackupKey, signal: AbortSignal): Promise<BackupInfo> {
    await this.empty();
    const id = newId();
    const release = await this.#deps.hold?.hold();
    const written = await writeBackup(this.#deps, { path: join(this.#folder, id), key, signal }).finally(
      release,
    );
    this.#made = id;
    this.#timer = setTimeout(() => void this.empty(), keepMs).unref();
    return toBackupInfo(id, written);
  }

  /** I1. */
  async empty(): Promise<void> {
    clearTimeout(this.#timer);
    this.#made = undefined;
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { mode: 0o700 });
  }

  async read(id: string): Promise<{ readonly sizeBytes: number; readonly data: Readable }> {
    if (id !== this.#made)
      throw new ApiError(
        'NotFound',
        `cannot find backup "${id.slice(0, 50)}": it is kept for an hour, and until the next is made`,
      );
    const path = join(this.#folder, id);
    const { size: sizeBytes } = await stat(path);
    return { sizeBytes, data: createReadStream(path, { highWaterMark: 256 * 1024 }) };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#making;
    await this.empty();
  }
}

export const openBackupDesk = async (deps: Deps): Promise<BackupDesk> => {
  const desk = new StagedBackups(deps);
  await desk.empty();
  return desk;
};
