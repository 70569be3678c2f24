// Owns small files that are replaced whole (the keyring, the keys of the certificate authority), in the data directory or in
// the database that several controllers share: who reads and writes them does not know where they are.
// I1: what was answered is durable; kill -9 leaves the old one or the new one, whole.
// I2: of several who replace one at once, one does: whoever replaces a file says what was in it.
import { filesOfDirectory } from './directory.ts';

export interface KeptFiles {
  /** Whether other controllers have the same. */
  readonly isShared: boolean;
  /** For people, as in: cannot open the secrets of ... */
  readonly where: string;
  /** For people: one of them. */
  nameOf(path: string): string;
  /** Makes the folder ready, and takes away what a killed write has left. */
  prepare(folder: string): Promise<void>;
  /** Names in a folder, sorted. */
  list(folder: string): Promise<readonly string[]>;
  /** Undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  /** Puts `text` where `was` is (undefined: where nothing is). False, with nothing changed, when something else is there. */
  replace(path: string, was: string | undefined, text: string): Promise<boolean>;
}

/** Those of the database when there is one. @throws ApiError ServiceUnavailable when it cannot be reached. */
export const openKeptFiles = async (place: {
  readonly dataDir: string;
  readonly url?: string | undefined;
}): Promise<KeptFiles> => {
  if (place.url === undefined) return filesOfDirectory(place.dataDir);
  const { openKeptRows } = await import('../postgres/kept-rows.ts'); // its driver is loaded for those who need it
  return openKeptRows(place.url);
};
