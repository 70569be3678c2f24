// Owns the copy of the audit trail outside the database: JSON lines, one record each, in <data-dir>/audit.log.
// I1: the file holds every row of the store in order, from the row with which it began: after a fault, a crash or a full
//     disk it goes on from its last whole line with what it has missed.
// I2: mode 0600, append only. Rows are handed to the system at most `gatherMs` after they are durable in the store, those of
//     that time together, and the file is fsynced once a second: a power cut costs at most that, and I1 brings it back.
// I3: at `maxBytes` the file becomes audit.log.1, that one audit.log.2, and so on; the oldest goes.
import { type FileHandle, open, rename, truncate } from 'node:fs/promises';
import type { Log } from '../../platform/log.ts';
import { toRotation } from '../../platform/rotation.ts';
import type { AuditLine, AuditStore } from '../../store/store.ts';

export interface AuditFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Files of earlier rows that are kept; at least 1. */
  readonly keepFiles: number;
  readonly retryMs?: number;
}

interface Deps {
  readonly audit: Pick<AuditStore, 'list' | 'head'>;
  readonly log: Log;
}

const gatherMs = 100;
const syncMs = 1_000;
const pageRows = 500;
const maxPending = 10_000;
const tailBytes = 1024 * 1024;

/** Number of the last whole line, and where it ends; 0 for a file without one. */
const lastLine = async (path: string): Promise<{ readonly seq: number; readonly end: number }> => {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const tail = buffer.subarray(0, bytesRead);
    const end = tail.lastIndexOf(10) + 1;
    const line = tail.subarray(end < 2 ? 0 : tail.lastIndexOf(10, end - 2) + 1, end).toString();
    const seq = line === '' ? 0 : Number((JSON.parse(line) as { readonly seq?: number }).seq);
    return { seq: Number.isSafeInteger(seq) ? seq : 0, end: from + end };
  } finally {
    await file.close();
  }
};

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

export class AuditFile {
  readonly #options: AuditFileOptions;
  readonly #deps: Deps;
  readonly #syncing: ReturnType<typeof setInterval>;
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  /** Number of the last row in the file; undefined before that is known. */
  #written: number | undefined;
  #pending: AuditLine[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #working: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #dirty = false;
  #problem: string | undefined;
  #isClosed = false;

  constructor(options: AuditFileOptions, deps: Deps) {
    this.#options = options;
    this.#deps = deps;
    this.#syncing = setInterval(() => void this.#sync(), syncMs);
  }

  /** Why rows do not reach the file at present; undefined when they do. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Rows that have just become durable, in order. */
  add(lines: readonly AuditLine[]): void {
    this.#pending.push(...lines);
    // They are in the store: what is too much is read from there.
    if (this.#pending.length > maxPending) this.#pending = [];
    this.#gathering ??= setTimeout(() => void this.flush(), gatherMs);
  }

  /** Resolves when the file has what the store has, or cannot have it. */
  flush(): Promise<void> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#retry !== undefined && !this.#isClosed) return Promise.resolve();
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#syncing);
    clearTimeout(this.#retry);
    await this.flush();
    await this.#sync();
    await this.#file?.close();
  }

  async #work(): Promise<void> {
    try {
      let written = await this.#open();
      while (written < this.#deps.audit.head().seq) {
        const lines = await this.#next(written);
        const last = lines.at(-1);
        if (last === undefined) break;
        await this.#write(lines);
        written = last[0];
        this.#written = written;
      }
      if (this.#problem !== undefined) this.#deps.log.info({}, 'the audit log can be written again');
      this.#problem = undefined;
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** What comes behind row `written`: from those told just now, or from the store. */
  async #next(written: number): Promise<readonly AuditLine[]> {
    const told = this.#pending.filter(([seq]) => seq > written);
    this.#pending = [];
    // Between them may be rows that other controllers have written.
    const gap = told.findIndex(([seq], index) => seq !== written + 1 + index);
    const joined = gap < 0 ? told : told.slice(0, gap);
    if (joined.length > 0) return joined;
    const page = await this.#deps.audit.list({ filter: {}, from: { after: written }, limit: pageRows });
    return page.records.map((record) => [record.seq, record.hash, JSON.stringify(record)]);
  }

  /** Opens the file where it is not open, behind its last whole line; returns the number of that. */
  async #open(): Promise<number> {
    if (this.#file !== undefined && this.#written !== undefined) return this.#written;
    const { path } = this.#options;
    const found = await lastLine(path).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (found !== undefined) await truncate(path, found.end);
    this.#file = await open(path, 'a', 0o600);
    await this.#file.chmod(0o600);
    this.#sizeBytes = found?.end ?? 0;
    this.#written = found?.seq || (await this.#lastRotated());
    const head = this.#deps.audit.head().seq;
    if (this.#written > head)
      this.#deps.log.error(
        { file: path, inFile: this.#written, inStore: head },
        'the audit log has rows that the store has not: run drover audit verify',
      );
    return this.#written;
  }

  /** A crash may fall between the rotation and the first row of the new file. */
  async #lastRotated(): Promise<number> {
    const before = await lastLine(`${this.#options.path}.1`).catch(() => ({ seq: 0 }));
    return before.seq;
  }

  async #write(lines: readonly AuditLine[]): Promise<void> {
    let text = '';
    for (const [, , line] of lines) {
      const sizeBytes = Buffer.byteLength(line) + 1;
      if (this.#sizeBytes > 0 && this.#sizeBytes + sizeBytes > this.#options.maxBytes) {
        await this.#append(text);
        text = '';
        await this.#rotate();
      }
      text += `${line}\n`;
      this.#sizeBytes += sizeBytes;
    }
    await this.#append(text);
  }

  async #append(text: string): Promise<void> {
    if (text === '') return;
    await this.#file?.appendFile(text);
    this.#dirty = true;
  }

  async #rotate(): Promise<void> {
    const { path, keepFiles } = this.#options;
    await this.#file?.sync();
    await this.#file?.close();
    this.#file = undefined;
    for (const [from, to] of toRotation(path, keepFiles))
      await rename(from, to).catch((error: unknown) => {
        if (from === path || !isAbsent(error)) throw error;
      });
    this.#file = await open(path, 'a', 0o600);
    this.#sizeBytes = 0;
  }

  async #sync(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    await this.#file?.sync().catch((error: unknown) => this.#fail(error));
  }

  async #fail(error: unknown): Promise<void> {
    const why = error instanceof Error ? error.message : String(error);
    if (this.#problem === undefined)
      this.#deps.log.error({ err: error, file: this.#options.path }, 'cannot write the audit log');
    this.#problem = `cannot write ${this.#options.path}: ${why}`;
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    this.#written = undefined;
    this.#pending = [];
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.flush();
    }, this.#options.retryMs ?? 2_000);
  }
}
