// Owns the outside of a backup: a header that anybody can read, and chunks that only the key opens (docs/user/backup.md).
// I1: each file has a key of its own, made by HKDF from the given key and a fresh salt; so the number of a chunk is a
//     nonce that is never used twice (the STREAM construction).
// I2: a chunk is bound to the header, to its number, and to whether it is the last: nothing can be moved, dropped,
//     added or cut without being seen.
// I3: what is wrong is told apart: not a backup, a newer format, a damaged header, a wrong key, a changed chunk, chunks
//     out of order, an end that is missing, something behind the end.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { ApiError } from '@drover/api';
import type { Scrypt } from '../sealing/key-source.ts';
import { ByteReader } from './byte-reader.ts';

export const formatVersion = 1;
const magic = Buffer.from('DROVERBK');
const maxHeaderBytes = 65_536;
const chunkBytes = 256 * 1024;
const tagBytes = 16;
const hashBytes = 32;
/** Number (8 bytes), whether it is the last (1), length of the ciphertext (4). */
const chunkHeadBytes = 13;

/** What is told about the content to whoever has the file. */
export interface BackupAbout {
  /** Version of Drover that wrote it. */
  readonly drover: string;
  /** How many migrations its rows have seen. */
  readonly schema: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Newest revision of the object log that is in it. */
  readonly revision: number;
  /** Rows by table, and `blobs`. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface BackupHeader extends BackupAbout {
  readonly format: number;
  readonly compression: 'zstd';
  /** Absent: the key is given as it is. */
  readonly scrypt?: Scrypt;
  /** base64; I1. */
  readonly salt: string;
  /** base64: tells a wrong key from a changed file. */
  readonly check: string;
}

/** A key as somebody gave it: a passphrase, or 32 bytes. */
export interface BackupKey {
  readonly isPassphrase: boolean;
  /** `salted` is used for a passphrase only. */
  load(salted: Scrypt): Promise<KeyObject>;
}

const hkdf = (key: KeyObject, salt: string, what: string, lengthBytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.from(salt, 'base64'), `drover backup ${what}`, lengthBytes));

interface ChunkKey {
  readonly key: Buffer;
  /** sha256 of everything before the first chunk but itself. */
  readonly headHash: Buffer;
}

const nonceOf = (number: number): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
};

const chunkHead = (number: number, isLast: boolean, sizeBytes: number): Buffer => {
  const head = Buffer.alloc(chunkHeadBytes);
  head.writeBigUInt64BE(BigInt(number));
  head.writeUInt8(isLast ? 1 : 0, 8);
  head.writeUInt32BE(sizeBytes, 9);
  return head;
};

const sealChunk = ({ key, headHash }: ChunkKey, number: number, isLast: boolean, data: Buffer): Buffer => {
  const head = chunkHead(number, isLast, data.length);
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: tagBytes });
  cipher.setAAD(Buffer.concat([headHash, head]));
  return Buffer.concat([head, cipher.update(data), cipher.final(), cipher.getAuthTag()]);
};

const toHead = (header: BackupHeader): Buffer => {
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([magic, size, json]);
};

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

/** The bytes of a backup whose content is `data`, in pieces of about 256 KiB. */
export async function* sealBackup(
  given: { readonly about: BackupAbout; readonly key: KeyObject; readonly scrypt: Scrypt | undefined },
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(32).toString('base64');
  const header: BackupHeader = {
    format: formatVersion,
    ...given.about,
    compression: 'zstd',
    ...(given.scrypt && { scrypt: given.scrypt }),
    salt,
    check: hkdf(given.key, salt, 'check', 16).toString('base64'),
  };
  const head = toHead(header);
  const headHash = sha256(head);
  yield Buffer.concat([head, headHash]);
  const key = { key: hkdf(given.key, salt, 'chunks', 32), headHash };
  const reader = new ByteReader(data);
  let number = 0;
  for (;;) {
    const chunk = await reader.upTo(chunkBytes);
    const isLast = chunk.length < chunkBytes;
    yield sealChunk(key, number, isLast, chunk);
    if (isLast) return;
    number += 1;
  }
}

/** `why` says what is wrong and what to do. */
export const refuseBackup = (why: string, cause?: unknown): ApiError =>
  new ApiError('Invalid', `cannot use the backup: ${why}`, undefined, cause);

export const anotherCopy = 'take another copy of it, or an earlier backup';

const parseHeader = (json: Buffer): BackupHeader => {
  // Its hash was right: it is what some Drover wrote.
  const header = JSON.parse(json.toString('utf8')) as BackupHeader;
  if (header.format <= formatVersion) return header;
  throw refuseBackup(
    `its format is version ${header.format}, written by Drover ${header.drover}, and this Drover reads up to ${formatVersion}; use that version or a newer one`,
  );
};

/** Reads the header and leaves the reader at the first chunk. */
const readHead = async (reader: ByteReader): Promise<{ header: BackupHeader; headHash: Buffer }> => {
  const start = await reader.upTo(magic.length + 4);
  if (!start.subarray(0, magic.length).equals(magic))
    throw refuseBackup('it is not a backup of Drover; name another file');
  const sizeBytes = start.length === magic.length + 4 ? start.readUInt32BE(magic.length) : 0;
  const damaged = `its header is damaged; ${anotherCopy}`;
  if (sizeBytes > maxHeaderBytes) throw refuseBackup(damaged);
  const json = await reader.upTo(sizeBytes);
  const hash = await reader.upTo(hashBytes);
  if (hash.length < hashBytes) throw refuseBackup(`it ends within its header; ${anotherCopy}`);
  const headHash = sha256(Buffer.concat([start, json]));
  if (!hash.equals(headHash)) throw refuseBackup(damaged);
  return { header: parseHeader(json), headHash };
};

const checkKey = (header: BackupHeader, key: KeyObject): void => {
  const check = Buffer.from(header.check, 'base64');
  const own = hkdf(key, header.salt, 'check', 16);
  if (check.length === own.length && timingSafeEqual(check, own)) return;
  throw refuseBackup(
    `the ${header.scrypt ? 'passphrase' : 'key'} is not the one that it was made with; give the right one`,
  );
};

const loadKeyOf = (header: BackupHeader, key: BackupKey): Promise<KeyObject> => {
  if (header.scrypt !== undefined && !key.isPassphrase)
    throw refuseBackup('it was made with a passphrase, not with a key; give the passphrase');
  if (header.scrypt === undefined && key.isPassphrase)
    throw refuseBackup('it was made with a key file, not with a passphrase; give --key-file');
  return key.load(header.scrypt ?? { salt: '', cost: 0, blockSize: 0, parallelization: 0 });
};

const openChunk = ({ key, headHash }: ChunkKey, head: Buffer, body: Buffer, number: number): Buffer => {
  const end = body.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.concat([headHash, head])).setAuthTag(body.subarray(end));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, end)), decipher.final()]);
  } catch (error) {
    throw refuseBackup(`chunk ${number} was changed or is damaged; ${anotherCopy}`, error);
  }
};

async function* openChunks(reader: ByteReader, key: ChunkKey): AsyncGenerator<Buffer> {
  for (let number = 0; ; number += 1) {
    const cut = (): ApiError =>
      refuseBackup(`it ends early, within or before chunk ${number}; ${anotherCopy}`);
    const head = await reader.upTo(chunkHeadBytes);
    if (head.length < chunkHeadBytes) throw cut();
    const found = head.readBigUInt64BE();
    const sizeBytes = head.readUInt32BE(9);
    if (sizeBytes > chunkBytes)
      throw refuseBackup(`chunk ${number} was changed or is damaged; ${anotherCopy}`);
    const body = await reader.upTo(sizeBytes + tagBytes);
    if (body.length < sizeBytes + tagBytes) throw cut();
    if (found !== BigInt(number))
      throw refuseBackup(
        `chunk ${found} stands where ${number} belongs: chunks are missing or moved; ${anotherCopy}`,
      );
    yield openChunk(key, head, body, number);
    if (head.readUInt8(8) === 0) continue;
    if ((await reader.upTo(1)).length > 0) throw refuseBackup(`something follows its end; ${anotherCopy}`);
    return;
  }
}

export interface OpenBackup {
  readonly header: BackupHeader;
  /** Its content. Throws `refuseBackup` as it comes to what is wrong. */
  readonly data: AsyncGenerator<Buffer>;
}

/** Opens the bytes of a backup. Throws ApiError Invalid with one clear reason (I3). */
export const openBackup = async (bytes: AsyncIterable<Uint8Array>, key: BackupKey): Promise<OpenBackup> => {
  const reader = new ByteReader(bytes);
  const { header, headHash } = await readHead(reader);
  const given = await loadKeyOf(header, key);
  checkKey(header, given);
  const chunkKey = { key: hkdf(given, header.salt, 'chunks', 32), headHash };
  return { header, data: openChunks(reader, chunkKey) };
};
