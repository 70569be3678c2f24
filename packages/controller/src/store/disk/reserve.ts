// Owns <data-dir>/reserve: room on the disk that is given up when the disk is full, so that deletions find some.
// I1: its bytes really take their room: they are written, and cannot be compressed.
// I2: it is never made so large that it takes more than a quarter of what is free.
import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

const mebibyte = 1024 * 1024;

/**
 * Deleting is writing too. What must fit: the log beside the database, which the full disk has kept from being brought into
 * it (32 MiB before that is tried, and as much again while it fails: measured), and the deletions themselves.
 */
export const wantedBytes = 64 * mebibyte;

/** With so much room a disk is not full: for the reserve, and for what is written until the next look. */
export const roomBytes = wantedBytes + 16 * mebibyte;

export class Reserve {
  readonly #path: string;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#path = join(dataDir, 'reserve');
  }

  /** 0: there is none. */
  get sizeBytes(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** At once, and without a byte that would have to be written. Throws the system's error. */
  giveUp(): void {
    rmSync(this.#path, { force: true });
  }

  /** As large as is wanted, or as fits (I2). Throws the system's error, and leaves nothing then. */
  async make(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#dataDir);
    const room = Math.min(wantedBytes, Math.floor((bavail * bsize) / 4));
    const pieces = Math.floor(room / mebibyte);
    const present = await stat(this.#path).catch(() => undefined);
    if (pieces === 0 || (present?.size ?? 0) >= room) return;
    await this.#fill(`${this.#path}.new`, pieces);
  }

  async #fill(path: string, pieces: number): Promise<void> {
    const piece = randomBytes(mebibyte);
    const file = await open(path, 'w', 0o600);
    try {
      for (let count = 0; count < pieces; count += 1) await file.writeFile(piece);
      await file.sync();
      await rename(path, this.#path);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }
}
