// Owns the inside of a backup: records, one after another, that no kind of database is needed to read.
//   length (4 bytes, big endian), type (1 byte), payload. Types: 'J' one JSON value that says what follows; 'R' rows of
//   the table that was named last, a JSON list of values on a line each; 'B' bytes of the file that was named last.
// I1: bytes in a row are {"base64": "..."}; everything else is a number, a text or null.
// I2: the digest of a table is the sha256 of its lines in the order of its key, whatever records they came in; that of
//     the files, of the lines "<path> <size> <sha256>". So a store that was restored has the digest of its origin.
import { createHash, type Hash } from 'node:crypto';
import { ByteReader } from './byte-reader.ts';
import { refuseBackup } from './container.ts';

export interface KeyringRecord {
  readonly record: 'keyring';
  readonly id: string;
  /** `key`: base64. */
  readonly keys: readonly { readonly number: number; readonly createdAt: string; readonly key: string }[];
}

interface TableRecord {
  readonly record: 'table';
  readonly name: string;
  readonly columns: readonly string[];
}

interface FileRecord {
  readonly record: 'file';
  /** Under the data directory. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** What a backup holds, in numbers that its restored copy must have too. */
export interface Digest {
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly sha256: string }>>;
  readonly files: { readonly count: number; readonly sizeBytes: number; readonly sha256: string };
  /** Of all of it. */
  readonly sha256: string;
}

interface EndRecord {
  readonly record: 'end';
  readonly digest: Digest;
}

export type Head = KeyringRecord | TableRecord | FileRecord | EndRecord;

export type BackupRecord =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'rows'; readonly lines: Buffer }
  | { readonly kind: 'bytes'; readonly data: Buffer };

/** Of what it brings; what only says what follows counts as nothing. */
export const sizeOf = (record: BackupRecord): number => {
  if (record.kind === 'head') return 0;
  return record.kind === 'rows' ? record.lines.length : record.data.length;
};

const codes = { head: 'J', rows: 'R', bytes: 'B' } as const;
const headBytes = 5;
/** A row may hold an object of some MiB. */
const maxRecordBytes = 256 * 1024 * 1024;

const frame = (code: string, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(payload.length);
  head.write(code, 4, 'latin1');
  return Buffer.concat([head, payload]);
};

export const toBytes = (record: BackupRecord): Buffer => {
  switch (record.kind) {
    case 'head':
      return frame(codes.head, Buffer.from(JSON.stringify(record.head)));
    case 'rows':
      return frame(codes.rows, record.lines);
    case 'bytes':
      return frame(codes.bytes, record.data);
    default:
      return record satisfies never;
  }
};

const parseRecord = (code: string, payload: Buffer): BackupRecord => {
  // The payload was authenticated (container.ts): it is what some Drover wrote.
  if (code === codes.head) return { kind: 'head', head: JSON.parse(payload.toString('utf8')) as Head };
  if (code === codes.rows) return { kind: 'rows', lines: payload };
  if (code === codes.bytes) return { kind: 'bytes', data: payload };
  throw refuseBackup(`it has a record of type "${code}", which this Drover does not know; use a newer one`);
};

/** The records of a backup's content. */
export async function* readRecords(data: AsyncIterable<Uint8Array>): AsyncGenerator<BackupRecord> {
  const reader = new ByteReader(data);
  for (;;) {
    const head = await reader.upTo(headBytes);
    if (head.length === 0) return;
    const sizeBytes = head.length === headBytes ? head.readUInt32BE() : 0;
    if (sizeBytes > maxRecordBytes) throw refuseBackup('a record in it is too long; take an earlier backup');
    const payload = await reader.upTo(sizeBytes);
    if (head.length < headBytes || payload.length < sizeBytes)
      throw refuseBackup('its content ends early; take an earlier backup');
    yield parseRecord(head.toString('latin1', 4), payload);
  }
}

export const countLines = (lines: Buffer): number => {
  let count = 0;
  for (let at = lines.indexOf(10); at >= 0; at = lines.indexOf(10, at + 1)) count += 1;
  return count;
};

/** Counts and hashes records as they pass (I2). */
export class Digester {
  readonly #tables = new Map<string, { rows: number; hash: Hash }>();
  readonly #files = createHash('sha256');
  #fileCount = 0;
  #fileBytes = 0;
  #table: { rows: number; hash: Hash } | undefined;
  #file: { readonly path: string; readonly hash: Hash; sizeBytes: number } | undefined;

  add(record: BackupRecord): void {
    if (record.kind === 'head') this.#begin(record.head);
    else if (record.kind === 'rows') this.#addRows(record.lines);
    else if (this.#file !== undefined) {
      this.#file.hash.update(record.data);
      this.#file.sizeBytes += record.data.length;
    }
  }

  #begin(head: Head): void {
    this.#endFile();
    this.#table = undefined;
    if (head.record === 'table') {
      this.#table = { rows: 0, hash: createHash('sha256') };
      this.#tables.set(head.name, this.#table);
    } else if (head.record === 'file')
      this.#file = { path: head.path, hash: createHash('sha256'), sizeBytes: 0 };
  }

  #addRows(lines: Buffer): void {
    if (this.#table === undefined) return;
    this.#table.hash.update(lines);
    this.#table.rows += countLines(lines);
  }

  #endFile(): void {
    if (this.#file === undefined) return;
    const { path, hash, sizeBytes } = this.#file;
    this.#files.update(`${path} ${sizeBytes} ${hash.digest('hex')}\n`);
    this.#fileCount += 1;
    this.#fileBytes += sizeBytes;
    this.#file = undefined;
  }

  /** Of all that was added; nothing may follow. */
  result(): Digest {
    this.#endFile();
    const tables = Object.fromEntries(
      [...this.#tables].map(([name, { rows, hash }]) => [name, { rows, sha256: hash.digest('hex') }]),
    );
    const files = {
      count: this.#fileCount,
      sizeBytes: this.#fileBytes,
      sha256: this.#files.digest('hex'),
    };
    const sha256 = createHash('sha256').update(JSON.stringify({ tables, files })).digest('hex');
    return { tables, files, sha256 };
  }
}
