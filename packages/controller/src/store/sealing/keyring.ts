// Owns the data keys of a running controller: which one seals, and that every sealed value can be opened.
// I1: a data key is durable in keys/secrets.json before anything is sealed under it, and leaves that file only when
//     its owner (rotation.ts) has seen that nothing is under it any more.
// I2: a key that has left the file still opens in this process: what was read before may not be opened yet.
// I3: changes of the file come one after another.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { dataKeyOf, openText, type Place, sealText } from './envelope.ts';
import {
  ensureKeyFile,
  isPassphrase,
  type KeySource,
  loadKey,
  nameOfSource,
  newScrypt,
  type Scrypt,
} from './key-source.ts';
import {
  type KeyOrigin,
  type KeyringFile,
  keyringPath,
  type NumberedKey,
  readKeyring,
  unwrapKeys,
  wrapKeys,
  writeKeyring,
} from './keyring-file.ts';

export interface Sealer {
  /** Number of the data key that seals now. */
  readonly current: number;
  seal(text: string, place: Place): string;
  /** Of what is not sealed (yet), the text itself. @throws ApiError InternalError when it is not what was sealed there. */
  open(text: string, place: Place): string;
}

export interface Keyring extends Sealer {
  /** Of this keyring, for life. */
  readonly id: string;
  /** In the file, oldest first. */
  readonly keys: readonly { readonly number: number; readonly createdAt: string }[];
  /** Where the key-encryption key comes from. */
  readonly origin: KeyOrigin;
  /** For people. */
  readonly originName: string;
  /** Every key that something may be sealed under, oldest first: for a backup only. */
  secrets(): readonly NumberedKey[];
  /** Makes a new one durable; writes nothing when the file is as it should be. */
  save(): Promise<void>;
  /** A new data key that seals from now on; with `source`, all are under that key-encryption key from now on. */
  addKey(source?: KeySource): Promise<number>;
  /** Forgets those with a lower number. Returns their numbers. */
  dropOlder(than: number): Promise<readonly number[]>;
}

export interface KeyringOptions {
  readonly dataDir: string;
  /** As the controller was started; undefined: where the key came from last, or the key file beside the data directory. */
  readonly source?: KeySource | undefined;
  readonly clock: Clock;
}

interface State {
  readonly id: string;
  readonly source: KeySource;
  readonly kek: KeyObject;
  readonly scrypt: Scrypt | undefined;
  readonly keys: readonly NumberedKey[];
}

export const defaultKeyPath = (dataDir: string): string => `${dataDir}.key`;

const toOrigin = ({ source, scrypt }: Pick<State, 'source' | 'scrypt'>): KeyOrigin => ({
  kind: source.kind,
  ...('path' in source && source.path !== undefined ? { path: source.path } : {}),
  ...(scrypt === undefined ? {} : { scrypt }),
});

const toFile = (state: State): KeyringFile => ({
  version: 1,
  id: state.id,
  keyEncryption: toOrigin(state),
  dataKeys: wrapKeys(state.id, state.kek, state.keys),
});

/** The source that the file tells of, when the start names none. Throws when that is not enough. */
const recordedSource = (file: KeyringFile, dataDir: string): KeySource => {
  const { kind, path } = file.keyEncryption;
  if (kind === 'file') return path === undefined ? { kind } : { kind, path };
  if (kind === 'passphrase-file' && path !== undefined) return { kind, path };
  const how =
    kind === 'command' ? '--secrets-key-command' : 'DROVER_SECRETS_PASSPHRASE or --secrets-passphrase-file';
  const from = kind === 'command' ? 'a key that a command prints' : 'a passphrase';
  throw new ApiError(
    'ServiceUnavailable',
    `cannot open the secrets of ${dataDir}: they are under ${from}; start with ${how}`,
  );
};

const nameOfOrigin = ({ kind, path }: KeyOrigin, defaultPath: string): string => {
  if (kind === 'command') return 'the key that a command prints';
  if (kind === 'passphrase') return 'a passphrase';
  return nameOfSource({ kind, path: path ?? defaultPath }, defaultPath);
};

const loadState = async (
  file: KeyringFile,
  { dataDir, source }: Pick<KeyringOptions, 'dataDir' | 'source'>,
): Promise<State> => {
  const chosen = source ?? recordedSource(file, dataDir);
  const defaultPath = defaultKeyPath(dataDir);
  const { scrypt } = file.keyEncryption;
  const kek = await loadKey(chosen, { defaultPath, salted: scrypt });
  const keys = unwrapKeys(file, kek);
  if (keys !== undefined) return { id: file.id, source: chosen, kek, scrypt, keys };
  const last = nameOfOrigin(file.keyEncryption, defaultPath);
  const why = `${nameOfSource(chosen, defaultPath)} does not open ${keyringPath(dataDir)}, which was last opened by ${last}`;
  throw new ApiError(
    'ServiceUnavailable',
    `cannot open the secrets of ${dataDir}: ${why}; give the right key (nothing was changed)`,
  );
};

/**
 * Whether there is a keyring, and its key opens it; nothing is made or changed.
 * @throws ApiError ServiceUnavailable as openKeyring does.
 */
export const checkKeyring = async (dataDir: string, source: KeySource | undefined): Promise<boolean> => {
  const file = await readKeyring(dataDir);
  if (file === undefined) return false;
  await loadState(file, { dataDir, source });
  return true;
};

const newDataKey = (number: number, clock: Clock): NumberedKey => ({
  number,
  key: createSecretKey(randomBytes(32)),
  createdAt: new Date(clock.nowMs()).toISOString(),
});

/** Reads the key-encryption key of `source`; a passphrase gets a new salt. */
const loadNew = async (
  source: KeySource,
  dataDir: string,
): Promise<Pick<State, 'source' | 'kek' | 'scrypt'>> => {
  const scrypt = isPassphrase(source) ? newScrypt() : undefined;
  const kek = await loadKey(source, { defaultPath: defaultKeyPath(dataDir), salted: scrypt });
  return { source, kek, scrypt };
};

const makeState = async ({ dataDir, source = { kind: 'file' }, clock }: KeyringOptions): Promise<State> => {
  await ensureKeyFile(source, defaultKeyPath(dataDir));
  const id = randomBytes(8).toString('hex');
  return { id, keys: [newDataKey(1, clock)], ...(await loadNew(source, dataDir)) };
};

class OpenKeyring implements Keyring {
  readonly id: string;
  readonly #options: KeyringOptions;
  readonly #known = new Map<number, NumberedKey>();
  #state: State;
  #sealing: NumberedKey;
  #saved: KeyringFile | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(state: State, saved: KeyringFile | undefined, options: KeyringOptions) {
    this.id = state.id;
    this.#options = options;
    this.#state = state;
    this.#saved = saved;
    this.#sealing = this.#take(state);
  }

  get current(): number {
    return this.#sealing.number;
  }

  get keys(): Keyring['keys'] {
    return this.#state.keys.map(({ number, createdAt }) => ({ number, createdAt }));
  }

  get origin(): KeyOrigin {
    return toOrigin(this.#state);
  }

  get originName(): string {
    return nameOfSource(this.#state.source, defaultKeyPath(this.#options.dataDir));
  }

  secrets(): readonly NumberedKey[] {
    return [...this.#known.values()].sort((a, b) => a.number - b.number);
  }

  seal(text: string, place: Place): string {
    if (this.#saved === undefined) throw new Error('cannot seal: the keyring is not saved yet');
    return sealText(this.#sealing, text, place);
  }

  open(text: string, place: Place): string {
    const number = dataKeyOf(text);
    if (number === 0) return text;
    const key = this.#known.get(number);
    const opened = key && openText(key, text, place);
    if (opened !== undefined) return opened;
    const why = key ? 'it was changed, or moved from elsewhere' : `data key ${number} is not there`;
    throw new ApiError(
      'InternalError',
      `cannot open what is sealed of ${place.join(' ')}: ${why}; restore the data directory from a backup`,
    );
  }

  save(): Promise<void> {
    return this.#inTurn(async () => {
      const origin = JSON.stringify(this.#saved?.keyEncryption);
      if (origin !== JSON.stringify(this.origin)) await this.#store(this.#state);
    });
  }

  addKey(source?: KeySource): Promise<number> {
    return this.#inTurn(async () => {
      const { dataDir, clock } = this.#options;
      const changed = source === undefined ? {} : await loadNew(source, dataDir);
      const key = newDataKey(this.#sealing.number + 1, clock);
      await this.#store({ ...this.#state, ...changed, keys: [...this.#state.keys, key] });
      return key.number;
    });
  }

  dropOlder(than: number): Promise<readonly number[]> {
    return this.#inTurn(async () => {
      const keys = this.#state.keys.filter(({ number }) => number >= than);
      const old = this.#state.keys.filter(({ number }) => number < than).map(({ number }) => number);
      if (old.length > 0) await this.#store({ ...this.#state, keys });
      return old;
    });
  }

  /** I1. */
  async #store(state: State): Promise<void> {
    const file = toFile(state);
    await writeKeyring(this.#options.dataDir, file);
    this.#saved = file;
    this.#state = state;
    this.#sealing = this.#take(state);
  }

  /** The newest of the keys; all of them open from now on. */
  #take({ keys }: State): NumberedKey {
    for (const key of keys) this.#known.set(key.number, key);
    const newest = keys.toSorted((a, b) => a.number - b.number).at(-1);
    if (newest === undefined) throw new Error('cannot seal: there is no data key');
    return newest;
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const next = this.#last.then(change);
    this.#last = next.catch(() => undefined);
    return next;
  }
}

/**
 * Opens the keyring of a data directory, or prepares a new one: only its key file is made before `save`.
 * Throws ApiError ServiceUnavailable with one clear line: no key, or not the right one.
 */
export const openKeyring = async (options: KeyringOptions): Promise<Keyring> => {
  const file = await readKeyring(options.dataDir);
  const state = file === undefined ? await makeState(options) : await loadState(file, options);
  return new OpenKeyring(state, file, options);
};

/**
 * A keyring of known keys for a new data directory, under the key-encryption key of `source` (the key file beside the
 * directory unless given, made when it is not there). Resolves when it is durable. `writeTo`: the directory
 * that will become `dataDir`.
 */
export const restoreKeyring = async (
  { id, keys }: { readonly id: string; readonly keys: readonly NumberedKey[] },
  options: Omit<KeyringOptions, 'clock'> & { readonly writeTo: string },
): Promise<void> => {
  const { dataDir, source = { kind: 'file' }, writeTo } = options;
  await ensureKeyFile(source, defaultKeyPath(dataDir));
  await writeKeyring(writeTo, toFile({ id, keys, ...(await loadNew(source, dataDir)) }));
};
