// Owns time-based codes: RFC 6238 on RFC 4226 with SHA-1, 6 digits and steps of 30 seconds, which is what every
// authenticator app takes. Pure.
import { createHmac, timingSafeEqual } from 'node:crypto';

const stepMs = 30_000;
const digits = 6;
/** Steps before and after the present one that are accepted: clocks differ (RFC 6238 section 5.2). */
const drift = 1;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 section 6, without padding. */
export const toBase32 = (bytes: Uint8Array): string => {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet.charAt((value << (5 - bits)) & 31);
};

/** The code of one step (RFC 4226 section 5.3). */
export const codeAt = (secret: Uint8Array, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac[mac.length - 1] ?? 0) & 15;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
};

export const stepOf = (nowMs: number): number => Math.floor(nowMs / stepMs);

/** The step whose code this is, near now; undefined: none. Every step is compared, in the same time. */
export const matchingStep = (secret: Uint8Array, code: string, nowMs: number): number | undefined => {
  const given = Buffer.from(code.replaceAll(' ', ''));
  if (given.length !== digits) return undefined;
  let found: number | undefined;
  for (let step = stepOf(nowMs) - drift; step <= stepOf(nowMs) + drift; step++)
    if (timingSafeEqual(given, Buffer.from(codeAt(secret, step)))) found = step;
  return found;
};

/** What apps read from a QR code (Google Authenticator's key URI format). */
export const toKeyUri = (secret: string, account: string, issuer: string): string => {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const query = new URLSearchParams({
    secret,
    issuer,
    algorithm: 'SHA1',
    digits: String(digits),
    period: String(stepMs / 1000),
  });
  return `otpauth://totp/${label}?${query}`;
};
