// Owns the data keys of a running controller: which one seals, and that every sealed value can be opened.
// I1: a data key is durable in keys/secrets.json before anything is sealed under it, and leaves that file only when
//     its owner (rotation.ts) has seen that nothing is under it any more.
// I2: a key that has left the file still opens in this process: what was read before may not be opened yet.
// I3: changes of the file come one after another; of several controllers that change it at once (kept/kept-files.ts I2) one does,
//     and the others begin anew from what it made.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { ApiError } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { filesOfDirectory } from '../kept/directory.ts';
import type { KeptFiles } from '../kept/kept-files.ts';
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
  parseKeyring,
  readKeyring,
  toKeyringText,
  unwrapKeys,
  wrapKeys,
} from './keyring-file.ts';

export interface Sealer {
  /** Number of the data key that seals now. */
  readonly current: number;
  seal(text: string, place: Place): string;
  /** Of what is not sealed (yet), the text itself. @throws ApiError InternalError when it is not what was sealed there. */
  open(text: string, place: Place): string;
  /** To be awaited before what another controller may have sealed is opened: looks once for data keys that are not known here. */
  learn(texts: readonly string[]): Promise<void>;
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
  /** Takes over what another controller has made of the file. False: it is under a key-encryption key that is not known here. */
  adopt(text: string): boolean;
  /** Same, of what is there now; also where the file itself says under which key-encryption key it is. */
  reload(): Promise<void>;
  /** Called when another controller has changed the keys. */
  onAdopted(listener: () => void): void;
}

export interface KeyringOptions {
  readonly dataDir: string;
  /** As the controller was started; undefined: where the key came from last, or the key file beside the data directory. */
  readonly source?: KeySource | undefined;
  readonly clock: Clock;
  /** Where the keyring is; the data directory unless given. */
  readonly files?: KeptFiles | undefined;
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
const recordedSource = (file: KeyringFile, where: string): KeySource => {
  const { kind, path } = file.keyEncryption;
  if (kind === 'file') return path === undefined ? { kind } : { kind, path };
  if (kind === 'passphrase-file' && path !== undefined) return { kind, path };
  const how =
    kind === 'command' ? '--secrets-key-command' : 'DROVER_SECRETS_PASSPHRASE or --secrets-passphrase-file';
  const from = kind === 'command' ? 'a key that a command prints' : 'a passphrase';
  throw new ApiError(
    'ServiceUnavailable',
    `cannot open the secrets of ${where}: they are under ${from}; start with ${how}`,
  );
};

const nameOfOrigin = ({ kind, path }: KeyOrigin, defaultPath: string): string => {
  if (kind === 'command') return 'the key that a command prints';
  if (kind === 'passphrase') return 'a passphrase';
  return nameOfSource({ kind, path: path ?? defaultPath }, defaultPath);
};

const filesOf = ({ files, dataDir }: Pick<KeyringOptions, 'files' | 'dataDir'>): KeptFiles =>
  files ?? filesOfDirectory(dataDir);

const loadState = async (
  file: KeyringFile,
  options: Pick<KeyringOptions, 'dataDir' | 'source' | 'files'>,
): Promise<State> => {
  const files = filesOf(options);
  const chosen = options.source ?? recordedSource(file, files.where);
  const defaultPath = defaultKeyPath(options.dataDir);
  const { scrypt } = file.keyEncryption;
  const kek = await loadKey(chosen, { defaultPath, salted: scrypt });
  const keys = unwrapKeys(file, kek);
  if (keys !== undefined) return { id: file.id, source: chosen, kek, scrypt, keys };
  const does = `${nameOfSource(chosen, defaultPath)} does not open ${files.nameOf(keyringPath)}`;
  const last = nameOfOrigin(file.keyEncryption, defaultPath);
  const remedy = `, which was last opened by ${last}; give the right key (nothing was changed)`;
  const toAll = '; give every controller of it the same key (nothing was changed)';
  const why = `${does}${files.isShared ? toAll : remedy}`;
  throw new ApiError('ServiceUnavailable', `cannot open the secrets of ${files.where}: ${why}`);
};

/**
 * Whether there is a keyring, and its key opens it; nothing is made or changed.
 * @throws ApiError ServiceUnavailable as openKeyring does.
 */
export const checkKeyring = async (
  dataDir: string,
  source: KeySource | undefined,
  files: KeptFiles = filesOfDirectory(dataDir),
): Promise<boolean> => {
  const text = await readKeyring(files);
  if (text === undefined) return false;
  await loadState(parseKeyring(text, files.nameOf(keyringPath)), { dataDir, source, files });
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
  readonly #options: KeyringOptions;
  readonly #files: KeptFiles;
  readonly #known = new Map<number, NumberedKey>();
  readonly #listeners: (() => void)[] = [];
  #state: State;
  #sealing: NumberedKey;
  /** The file as it was read or written last. */
  #saved: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(state: State, saved: string | undefined, options: KeyringOptions) {
    this.#options = options;
    this.#files = filesOf(options);
    this.#state = state;
    this.#saved = saved;
    this.#sealing = this.#take(state);
  }

  get id(): string {
    return this.#state.id;
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

  async learn(texts: readonly string[]): Promise<void> {
    const isNew = (text: string): boolean => dataKeyOf(text) > this.current;
    if (texts.some(isNew)) await this.reload();
  }

  async save(): Promise<void> {
    await this.#change((state) => {
      const saved = this.#saved === undefined ? undefined : this.#parse(this.#saved).keyEncryption;
      return JSON.stringify(saved) === JSON.stringify(this.origin) ? undefined : state;
    });
  }

  async addKey(source?: KeySource): Promise<number> {
    const { dataDir, clock } = this.#options;
    await this.#change(async (state) => {
      const changed = source === undefined ? {} : await loadNew(source, dataDir);
      return { ...state, ...changed, keys: [...state.keys, newDataKey(this.current + 1, clock)] };
    });
    return this.current;
  }

  async dropOlder(than: number): Promise<readonly number[]> {
    let old: readonly number[] = [];
    await this.#change((state) => {
      old = state.keys.filter(({ number }) => number < than).map(({ number }) => number);
      const keys = state.keys.filter(({ number }) => number >= than);
      return old.length > 0 ? { ...state, keys } : undefined;
    });
    return old;
  }

  adopt(text: string): boolean {
    if (text === this.#saved) return true;
    const { source, kek } = this.#state;
    const file = this.#parse(text);
    const keys = unwrapKeys(file, kek);
    if (keys === undefined) return false;
    this.#adopted({ id: file.id, source, kek, scrypt: file.keyEncryption.scrypt, keys }, text);
    return true;
  }

  reload(): Promise<void> {
    return this.#inTurn(() => this.#reload());
  }

  onAdopted(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #parse(text: string): KeyringFile {
    return parseKeyring(text, this.#files.nameOf(keyringPath));
  }

  async #reload(): Promise<void> {
    const text = await readKeyring(this.#files);
    if (text === undefined || this.adopt(text)) return;
    const { dataDir, files } = this.#options;
    this.#adopted(await loadState(this.#parse(text), { dataDir, files }), text);
  }

  #adopted(state: State, text: string): void {
    this.#saved = text;
    this.#state = state;
    this.#sealing = this.#take(state);
    for (const listener of this.#listeners) listener();
  }

  /** I1, I3. `change` gives undefined when nothing is to be done, and is asked again when another controller was faster. */
  #change(change: (state: State) => State | undefined | Promise<State | undefined>): Promise<void> {
    return this.#inTurn(async () => {
      for (;;) {
        const next = await change(this.#state);
        if (next === undefined) return;
        const text = toKeyringText(toFile(next));
        if (await this.#files.replace(keyringPath, this.#saved, text)) {
          this.#saved = text;
          this.#state = next;
          this.#sealing = this.#take(next);
          return;
        }
        await this.#reload();
      }
    });
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
  const files = filesOf(options);
  const text = await readKeyring(files);
  if (text === undefined) return new OpenKeyring(await makeState(options), undefined, options);
  return new OpenKeyring(
    await loadState(parseKeyring(text, files.nameOf(keyringPath)), options),
    text,
    options,
  );
};

/**
 * A keyring of known keys for a new place, under the key-encryption key of `source` (the key file beside the data
 * directory unless given, made when it is not there). Resolves when it is durable. `files`: where it is put, which may be the
 * directory that will become `dataDir`. @throws ApiError AlreadyExists when there is one.
 */
export const restoreKeyring = async (
  { id, keys }: { readonly id: string; readonly keys: readonly NumberedKey[] },
  options: Omit<KeyringOptions, 'clock' | 'files'> & {
    readonly files: Pick<KeptFiles, 'nameOf' | 'replace'>;
  },
): Promise<void> => {
  const { dataDir, source = { kind: 'file' }, files } = options;
  await ensureKeyFile(source, defaultKeyPath(dataDir));
  const text = toKeyringText(toFile({ id, keys, ...(await loadNew(source, dataDir)) }));
  if (await files.replace(keyringPath, undefined, text)) return;
  throw new ApiError('AlreadyExists', `cannot make ${files.nameOf(keyringPath)}: there is one already`);
};
