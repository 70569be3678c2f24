// Owns how ids and secrets are made.
// I1: ids made by one process sort in the order in which they were made, and never collide with another's.
// I2: secrets come from the system's random source, 256 bits each; only their sha256 is ever stored.
import { createHash, randomBytes } from 'node:crypto';
import { systemClock } from './clock.ts';

/** Crockford's base 32, lower case: safe in file names, URLs and Kubernetes names. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const sequenceLimit = 32 ** 4;

let lastMs = 0;
let sequence = 0;

const encode = (value: number, length: number): string => {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) {
    text = digits.charAt(rest % 32) + text;
  }
  return text;
};

const random = (length: number): string =>
  Array.from(randomBytes(length), (byte) => digits.charAt(byte % 32)).join('');

/** 26 characters: 10 of time (milliseconds), 4 of sequence, 12 (60 bits) of randomness. */
export const newId = (): string => {
  const nowMs = systemClock.nowMs();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    sequence = 0;
  } else if (++sequence === sequenceLimit) {
    lastMs++;
    sequence = 0;
  }
  return encode(lastMs, 10) + encode(sequence, 4) + random(12);
};

/** 32 random bytes as base64url: 43 characters. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** Lower-case hex sha256 of bytes, or of a text as UTF-8. */
export const sha256Hex = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');
