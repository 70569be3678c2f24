// Owns keys/secrets.json: the data keys, each encrypted by the key-encryption key, and where that one comes from.
// Of one controller it stands beside the database: it is replaced whole, so that no page keeps what it said before. Of
// several it is in their database (kept/): what an old page says there opens only with the key that is not.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { KeptFiles } from '../kept/kept-files.ts';
import { type DataKey, decrypt, encrypt } from './envelope.ts';
import type { KeySource, Scrypt } from './key-source.ts';

/** Where the key-encryption key came from last; of a command or the environment only that. */
export interface KeyOrigin {
  readonly kind: KeySource['kind'];
  readonly path?: string;
  readonly scrypt?: Scrypt;
}

interface WrappedKey {
  readonly number: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** base64: the data key, encrypted by the key-encryption key. */
  readonly wrapped: string;
}

export interface KeyringFile {
  readonly version: 1;
  /** Of this keyring, for life: the database knows it too. */
  readonly id: string;
  readonly keyEncryption: KeyOrigin;
  readonly dataKeys: readonly WrappedKey[];
}

export interface NumberedKey extends DataKey {
  readonly createdAt: string;
}

export const keyringPath = 'keys/secrets.json';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isKeyring = (value: unknown): value is KeyringFile =>
  isObject(value) &&
  value['version'] === 1 &&
  typeof value['id'] === 'string' &&
  isObject(value['keyEncryption']) &&
  typeof value['keyEncryption']['kind'] === 'string' &&
  Array.isArray(value['dataKeys']) &&
  value['dataKeys'].length > 0 &&
  value['dataKeys'].every(
    (key: unknown) => isObject(key) && Number.isInteger(key['number']) && typeof key['wrapped'] === 'string',
  );

/** Throws ApiError ServiceUnavailable; `name` is for people. */
export const parseKeyring = (text: string, name: string): KeyringFile => {
  let why = 'it is damaged; restore it from a backup';
  try {
    const parsed: unknown = JSON.parse(text);
    if (isKeyring(parsed)) return parsed;
    if (isObject(parsed) && Number(parsed['version']) > 1)
      why = 'it was written by a newer version of Drover; start that version';
  } catch (error) {
    if (error instanceof Error) why = `${error.message}; restore it from a backup`;
  }
  throw new ApiError('ServiceUnavailable', `cannot open ${name}: ${why}`);
};

/** As it is stored; undefined when there is none yet. Throws ApiError ServiceUnavailable. */
export const readKeyring = async (files: KeptFiles): Promise<string | undefined> => {
  try {
    return await files.read(keyringPath);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `cannot open ${files.nameOf(keyringPath)}: ${why}; restore it from a backup`;
    throw new ApiError('ServiceUnavailable', message, undefined, error);
  }
};

export const toKeyringText = (file: KeyringFile): string => `${JSON.stringify(file, null, 2)}\n`;

const placeOf = (id: string, number: number) => ['data-key', id, String(number)];

export const wrapKeys = (id: string, kek: KeyObject, keys: readonly NumberedKey[]): readonly WrappedKey[] =>
  keys.map(({ number, key, createdAt }) => ({
    number,
    createdAt,
    wrapped: encrypt(kek, key.export(), placeOf(id, number)).toString('base64'),
  }));

/** Undefined when this key-encryption key opens them not. */
export const unwrapKeys = (file: KeyringFile, kek: KeyObject): readonly NumberedKey[] | undefined => {
  const keys = file.dataKeys.map(({ number, createdAt, wrapped }) => {
    const bytes = decrypt(kek, Buffer.from(wrapped, 'base64'), placeOf(file.id, number));
    return bytes && { number, createdAt, key: createSecretKey(bytes) };
  });
  const opened = keys.filter((key) => key !== undefined);
  return opened.length === keys.length ? opened : undefined;
};
