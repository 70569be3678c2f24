// Owns passwords: what one must be, and how it is kept.
// I1: kept is an argon2id hash in the PHC string format, with its parameters: those of RFC 9106 section 4, second
//     recommended option (64 MiB, 3 passes, 4 lanes), 16 bytes of salt. One made with others is still verified.
// I2: hashing runs in libuv's threads, at most `atOnce` at a time and `maxWaiting` more in line: guesses take neither
//     the event loop nor all memory.
// I3: checking a password of somebody who has none, or does not exist, takes the same work as of one who has.
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { ApiError } from '@drover/api';
import { guessedFirst } from './guessed-first.ts';

const minLength = 10;
const maxLength = 512;

/** argon2's parameters: KiB, passes, lanes. */
export interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

const standardCost: Cost = { memory: 65_536, passes: 3, parallelism: 4 };
const saltBytes = 16;
const tagBytes = 32;
/** Bounds of what is read back: a row that was tampered with must not cost gigabytes. */
const maxMemory = 1_048_576;
const atOnce = 2;
const maxWaiting = 32;

/** The same characters typed on another keyboard give the same bytes (NIST SP 800-63B section 5.1.1.2). */
const toBytes = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));

const badPassword = (message: string): ApiError =>
  new ApiError('Invalid', `cannot use this password: it ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'password' }],
  });

/** Length, and not among the first that everybody guesses. @throws ApiError Invalid. */
export const checkPassword = (password: string): void => {
  if ([...password].length < minLength) throw badPassword(`must have at least ${minLength} characters`);
  if (password.length > maxLength) throw badPassword(`must have at most ${maxLength} characters`);
  if (guessedFirst.has(password.toLowerCase())) throw badPassword('is one of those that are guessed first');
};

const derive = (parameters: Argon2Parameters): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)));
  });

const toText = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

interface Parsed extends Cost {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** undefined: not one of ours. */
const parseHash = (text: string): Parsed | undefined => {
  const [, m, t, p, salt = '', tag = ''] = phc.exec(text) ?? [];
  const memory = Number(m);
  if (m === undefined || memory > maxMemory) return undefined;
  return {
    memory,
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
};

export interface Hasher {
  /** The hash to keep. The password has been checked. */
  hash(password: string): Promise<string>;
  /** Whether `hash` is of this password; with no hash false, after the same work (I3). */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

const busy = (): ApiError =>
  new ApiError('TooManyRequests', 'cannot sign in: too many are signing in at this moment; try again', {
    retryAfterSeconds: 2,
  });

/** I2. */
const createLine = () => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw busy();
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};

export const createHasher = (cost: Cost = standardCost): Hasher => {
  const inLine = createLine();
  const nobody: Parsed = { ...cost, salt: randomBytes(saltBytes), tag: randomBytes(tagBytes) };
  return {
    hash: async (password) => {
      const nonce = randomBytes(saltBytes);
      const tag = await inLine(() =>
        derive({ ...cost, message: toBytes(password), nonce, tagLength: tagBytes }),
      );
      const { memory, passes, parallelism } = cost;
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${toText(nonce)}$${toText(tag)}`;
    },
    verify: async (password, hash) => {
      const known = hash === undefined ? undefined : parseHash(hash);
      const { salt, tag, memory, passes, parallelism } = known ?? nobody;
      // Longer than any that can be set: no reason to hash a megabyte.
      const message = toBytes(password.slice(0, maxLength));
      const found = await inLine(() =>
        derive({ message, memory, passes, parallelism, nonce: salt, tagLength: tag.length }),
      );
      return timingSafeEqual(found, tag) && known !== undefined && password.length <= maxLength;
    },
  };
};
