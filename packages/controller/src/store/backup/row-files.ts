// Owns the files of an installation on a database that several controllers share, where this process reads and writes its rows.
import { newId } from '../../platform/ids.ts';
import { createSweeper } from '../../platform/spare-memory.ts';
import { endOfCell } from '../postgres/pieces.ts';
import type { Database } from '../sql/database.ts';
import { bodyNameOf, fileBytes, fileSize, filesIn, nameBody, putKey, putPiece } from '../sql/files.ts';
import type { FileTarget, RowFiles } from './files.ts';

export const rowFilesOf = (database: Database): RowFiles => ({
  list: (folder) => filesIn(database, folder),
  size: (path) => fileSize(database, path),
  bytes: (wish) => fileBytes(database, wish),
});

/** What a piece leaves behind on its way: as it was gathered, in the driver's message, and on its socket. */
const garbageShare = 4;

/** Makes them as rows, a cell of a body (postgres/pieces.ts I1) at a time. */
export class FileRowWriter implements FileTarget {
  readonly #database: Database;
  #file: { readonly path: string; readonly body: string } | undefined;
  #at = 0;
  #waiting: Buffer[] = [];
  readonly #sweep = createSweeper('all');

  constructor(database: Database) {
    this.#database = database;
  }

  async begin(path: string): Promise<void> {
    this.#file = { path, body: bodyNameOf(path, newId) };
    this.#at = 0;
    this.#waiting = [];
  }

  async add(data: Buffer): Promise<void> {
    this.#waiting.push(data);
    const cellBytes = endOfCell(this.#at) - this.#at;
    if (this.#waiting.reduce((sum, part) => sum + part.length, 0) < cellBytes) return;
    const bytes = Buffer.concat(this.#waiting);
    for (let done = 0; done < bytes.length; ) {
      const part = bytes.subarray(done, done + endOfCell(this.#at) - this.#at);
      if (done + part.length === bytes.length && part.length < endOfCell(this.#at) - this.#at) {
        this.#waiting = [part];
        return;
      }
      await this.#put(part);
      done += part.length;
    }
    this.#waiting = [];
  }

  async #put(data: Buffer): Promise<void> {
    await putPiece(this.#database, this.#file?.body ?? '', this.#at, data);
    this.#at += data.length;
    this.#sweep(data.length * garbageShare);
  }

  async end(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    const rest = Buffer.concat(this.#waiting);
    if (file.path.startsWith('keys/')) return putKey(this.#database, file.path, rest.toString('utf8'));
    if (rest.length > 0) await putPiece(this.#database, file.body, this.#at, rest);
    await nameBody(this.#database, file.path, file.body);
  }

  async close(): Promise<void> {
    this.#file = undefined;
  }
}
