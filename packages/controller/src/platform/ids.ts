// Owns how ids and secrets are made.
// I1: ids made by one process sort in the order in which they were made, and never collide with another's.
// I2: secrets come from the system's random source, 256 bits each; only their sha256 is ever stored.
import { hash, randomBytes, randomFillSync } from 'node:crypto';
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

/** Random bytes for ids, which are no secrets: asking the system for a few at a time costs more than all else here. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

const random = (length: number): string => {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let text = '';
  for (const end = used + length; used < end; used++) text += digits.charAt((pool[used] ?? 0) % 32);
  return text;
};

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
export const sha256Hex = (data: string | Uint8Array): string => hash('sha256', data, 'hex');
