// Owns the way back: a new installation from a backup (adr/0015).
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { ApiError } from '@drover/api';
import { createSweeper } from '../../platform/spare-memory.ts';
import { migrations } from '../migrations/index.ts';
import { isMissing } from '../sealing/key-source.ts';
import { anotherCopy, type BackupHeader, type BackupKey, openBackup, refuseBackup } from './container.ts';
import { type BackupRecord, type Digest, Digester, readRecords, sizeOf } from './records.ts';
import { fillTarget, nameOf, type TargetPlace } from './target.ts';

export interface ReadBackup {
  readonly header: BackupHeader;
  readonly digest: Digest;
}

/** What takes the records of a backup; `take` comes with each, in order. */
interface Taker {
  begin(header: BackupHeader): Promise<void>;
  take(record: BackupRecord): void | Promise<void>;
}

const checkSchema = ({ schema, drover }: BackupHeader): void => {
  if (schema <= migrations.length) return;
  throw refuseBackup(
    `its rows are of schema ${schema}, written by Drover ${drover}, and this Drover knows up to ${migrations.length}; use that version or a newer one`,
  );
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The reader's own refusal passes through zlib as it is; what zlib says itself is put into words. */
const decompressed = (data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
  const source = Readable.from(data, { objectMode: false });
  const unpacked = createZstdDecompress();
  source.on('error', (error) => unpacked.destroy(error));
  return source.pipe(unpacked);
};

/** Reads all of it, and checks all of it. Throws ApiError Invalid saying what is wrong. */
export const readBackup = async (file: string, key: BackupKey, taker?: Taker): Promise<ReadBackup> => {
  const bytes = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    const { header, data } = await openBackup(bytes, key);
    checkSchema(header);
    await taker?.begin(header);
    const digester = new Digester();
    const sweep = createSweeper();
    let stated: Digest | undefined;
    for await (const record of readRecords(decompressed(data))) {
      digester.add(record);
      if (record.kind === 'head' && record.head.record === 'end') stated = record.head.digest;
      await taker?.take(record);
      sweep(sizeOf(record));
    }
    const digest = digester.result();
    if (stated?.sha256 === digest.sha256) return { header, digest };
    throw refuseBackup(`what it holds has not the digest that it states; ${anotherCopy}`);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (isMissing(error)) throw refuseBackup(`${file} is not there; name another file`, error);
    throw refuseBackup(`${file} cannot be read (${reasonOf(error)}); ${anotherCopy}`, error);
  } finally {
    bytes.destroy();
  }
};

export interface RestoreWish extends TargetPlace {
  readonly file: string;
  readonly key: BackupKey;
}

/** Throws ApiError saying what stands in the way; the place is then as it was. */
export const restoreBackup = (wish: RestoreWish): Promise<ReadBackup> =>
  fillTarget(wish, async (target) => {
    const read = await readBackup(wish.file, wish.key, {
      begin: ({ schema }) => target.begin(schema),
      take: (record) => target.take(record),
    });
    const found = await target.digest();
    if (found.sha256 !== read.digest.sha256)
      throw new ApiError(
        'InternalError',
        `cannot restore: what was written to ${nameOf(wish)} reads otherwise; check its disk`,
      );
    await target.finish();
    return read;
  });
