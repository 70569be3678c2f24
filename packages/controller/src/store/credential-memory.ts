// Owns the credentials that were asked for lately: a request that shows a token needs no way to the reading thread.
// I1: what was taken, removed or touched is forgotten at the commit of that, before whoever asked for it is told; a row
//     that was being read meanwhile is not kept. All writes go through this process (sqlite/files.ts I1).
// I2: only rows that are there are kept, at most `maxRows`: wrong guesses leave nothing behind.
import type { CredentialRow } from './store.ts';

const maxRows = 4_096;

export class CredentialMemory {
  readonly #rows = new Map<string, CredentialRow>();
  /** Id → sha256. */
  readonly #hashes = new Map<string, string>();
  /** How often something was forgotten. */
  #changes = 0;

  /** The row of this sha256 as it is now; `read` is asked when it is not known. */
  async find(
    sha256: string,
    read: (sha256: string) => Promise<CredentialRow | undefined>,
  ): Promise<CredentialRow | undefined> {
    const known = this.#rows.get(sha256);
    if (known !== undefined) return known;
    const before = this.#changes;
    const row = await read(sha256);
    if (row !== undefined && before === this.#changes) this.#keep(row);
    return row;
  }

  #keep(row: CredentialRow): void {
    this.#rows.set(row.sha256, row);
    this.#hashes.set(row.id, row.sha256);
    if (this.#rows.size <= maxRows) return;
    for (const { id } of this.#rows.values()) {
      this.#drop(id);
      return;
    }
  }

  #drop(id: string): void {
    this.#rows.delete(this.#hashes.get(id) ?? '');
    this.#hashes.delete(id);
  }

  /** To be called with the commit of each change of the row (I1). */
  forget(id: string): void {
    this.#changes += 1;
    this.#drop(id);
  }
}
