// Owns the envelope: what a sealed value looks like, and that it opens only whole, unchanged and where it belongs.
// I1: AES-256-GCM with a fresh random nonce of 96 bits for each value (NIST SP 800-38D section 8.2.2) and a tag of 128.
// I2: what the value belongs to is associated data, and so is the data key's number: nothing opens elsewhere.
// I3: 'drover-sealed:v1:<number of the data key>:<base64url of nonce, ciphertext, tag>', in one spelling only. It
//     begins as neither JSON nor PEM does, so that what is not sealed yet is told from what is.
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** What a value belongs to, from the general to the particular: ['object', 'secrets', 'default', 'db', uid]. */
export type Place = readonly string[];

const associated = (place: Place): Buffer => Buffer.from(JSON.stringify(['drover', ...place]));

/** Nonce, ciphertext and tag. */
export const encrypt = (key: KeyObject, data: string | Uint8Array, place: Place): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(associated(place));
  const encrypted = typeof data === 'string' ? cipher.update(data, 'utf8') : cipher.update(data);
  return Buffer.concat([nonce, encrypted, cipher.final(), cipher.getAuthTag()]);
};

/** Undefined when it is not what `encrypt` gave for this key and place. */
export const decrypt = (key: KeyObject, sealed: Buffer, place: Place): Buffer | undefined => {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associated(place)).setAuthTag(sealed.subarray(end));
  const data = decipher.update(sealed.subarray(nonceBytes, end));
  try {
    return Buffer.concat([data, decipher.final()]);
  } catch {
    return undefined;
  }
};

const prefix = 'drover-sealed:v1:';
const numbered = /^drover-sealed:v1:([1-9][0-9]{0,8}):/;

/** Bytes of one spelling only: Buffer.from would also take others, and stray characters. */
const parseBase64url = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
};

/** Number of the data key under which it is sealed; 0: it is not sealed. */
export const dataKeyOf = (text: string): number =>
  text.startsWith(prefix) ? Number(numbered.exec(text)?.[1] ?? Number.NaN) : 0;

export interface DataKey {
  /** From 1; a newer one has a higher number. */
  readonly number: number;
  readonly key: KeyObject;
}

const placeOf = (number: number, place: Place): Place => ['value', String(number), ...place];

export const sealText = ({ number, key }: DataKey, text: string, place: Place): string =>
  `${prefix}${number}:${encrypt(key, text, placeOf(number, place)).toString('base64url')}`;

/** Undefined when it is not what `sealText` gave for this key and place. */
export const openText = ({ number, key }: DataKey, sealed: string, place: Place): string | undefined => {
  const head = `${prefix}${number}:`;
  const bytes = sealed.startsWith(head) ? parseBase64url(sealed.slice(head.length)) : undefined;
  return bytes && decrypt(key, bytes, placeOf(number, place))?.toString('utf8');
};
