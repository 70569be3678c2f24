// Owns the file of the log: JSON lines that are handed to the system as they come.
// I1: what has been logged is with the system when `write` returns: a process that dies says why.
// I2: at `maxBytes` the file becomes name.1, that one name.2, and so on; the oldest goes. A line is never cut in two.
// I3: a log that cannot be written stops nobody: lines are lost and counted, and the first one that can be written again
//     comes behind one that says how many.
import { chmodSync, closeSync, fstatSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Clock } from './clock.ts';
import { toRotation } from './rotation.ts';

export interface LogFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Earlier files that are kept; at least 1. */
  readonly keepFiles: number;
  readonly clock: Clock;
}

const renameIfThere = (from: string, to: string): void => {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};

/** A destination for pino, readable by its owner only. */
export class LogFile {
  readonly #options: LogFileOptions;
  #file: number;
  #sizeBytes = 0;
  #lost = 0;

  /** Throws the system's error. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#file = this.#open(options.path);
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  write(line: string): void {
    const lost = this.#lost === 0 ? '' : this.#lossLine();
    try {
      this.#append(Buffer.from(lost + line));
      this.#lost = 0;
    } catch {
      this.#lost += 1;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #open(path: string): number {
    const file = openSync(path, 'a', 0o600);
    chmodSync(path, 0o600);
    return file;
  }

  #append(bytes: Buffer): void {
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#options.maxBytes) this.#rotate();
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#file, bytes, done);
      } catch (error) {
        // A full disk takes the beginning of a line.
        if (done > 0) ftruncateSync(this.#file, fstatSync(this.#file).size - done);
        throw error;
      }
    }
    this.#sizeBytes += bytes.length;
  }

  /** The new file is there before anything is moved. A file that cannot be moved goes on for as much again. */
  #rotate(): void {
    const { path, keepFiles } = this.#options;
    this.#sizeBytes = 0;
    let next: number | undefined;
    try {
      next = this.#open(`${path}.new`);
      for (const [from, to] of toRotation(path, keepFiles)) renameIfThere(from, to);
      renameSync(`${path}.new`, path);
      closeSync(this.#file);
      this.#file = next;
    } catch {
      if (next !== undefined) closeSync(next);
    }
  }

  #lossLine(): string {
    const time = new Date(this.#options.clock.nowMs()).toISOString();
    const msg = 'lines of this log were lost: the file could not be written';
    return `${JSON.stringify({ level: 'error', time, lost: this.#lost, msg })}\n`;
  }
}
