// Owns moving a stopped installation from one store to another: a data directory to PostgreSQL, back, or to another of its kind.
// I1: the source is only read, while no controller can start on it: it stays as it was, and good until the new one is trusted.
// I2: what goes over are the records of a backup (records.ts), by the same reader and writer; what was written is read back, and
//     only if every table and file has the number and hash that the source has can the new one be used (target.ts I2).
import { ApiError } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import { createSweeper } from '../../platform/spare-memory.ts';
import { openKeptFiles } from '../kept/kept-files.ts';
import { openStopped as openStoppedPostgres } from '../postgres/stopped.ts';
import type { KeySource } from '../sealing/key-source.ts';
import { type Keyring, openKeyring } from '../sealing/keyring.ts';
import { keyringPath, readKeyring } from '../sealing/keyring-file.ts';
import { idKey } from '../sealing/opening.ts';
import type { OpenDatabase } from '../sql/database.ts';
import { openStopped as openStoppedFiles } from '../sqlite/files.ts';
import { contentRecords, toKeyringRecord, toSnapshot } from './content.ts';
import { type FileSource, filesOf, filesOfRows } from './files.ts';
import { type BackupRecord, countLines, type Digest, Digester, sizeOf } from './records.ts';
import { rowFilesOf } from './row-files.ts';
import { fillTarget, nameOf, type Target, type TargetPlace } from './target.ts';

export interface SourcePlace {
  /** Absolute. With `url`, only the key of the secrets is beside it. */
  readonly dataDir: string;
  /** Address of the database, where everything else is. */
  readonly url?: string | undefined;
  /** What opens its secrets; undefined: what opened them last. */
  readonly secrets?: KeySource | undefined;
}

export interface Progress {
  readonly step: 'copying' | 'reading back';
  readonly rows: number;
  readonly sizeBytes: number;
}

export interface MigrateWish {
  readonly from: SourcePlace;
  readonly to: TargetPlace;
  readonly clock: Clock;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Migrated {
  readonly source: Digest;
  readonly copy: Digest;
}

const openSource = ({ dataDir, url }: SourcePlace): OpenDatabase | Promise<OpenDatabase> =>
  url === undefined ? openStoppedFiles(dataDir) : openStoppedPostgres(url);

/** Keys, recordings and content are where the rows are. */
const filesIn = ({ dataDir, url }: SourcePlace, { database }: OpenDatabase): FileSource =>
  url === undefined ? filesOf(dataDir) : filesOfRows(rowFilesOf(database));

/** What sees every record of a step, and tells. */
const watcher = (step: Progress['step'], onProgress: MigrateWish['onProgress']) => {
  const sweep = createSweeper();
  const seen = { step, rows: 0, sizeBytes: 0 };
  return (record: BackupRecord): void => {
    seen.sizeBytes += sizeOf(record);
    if (record.kind === 'rows') seen.rows += countLines(record.lines);
    sweep(sizeOf(record));
    onProgress?.(seen);
  };
};

const copy = async (
  source: OpenDatabase,
  wish: MigrateWish,
  target: Target,
  keyring: Keyring,
): Promise<Digest> => {
  const digester = new Digester();
  const see = watcher('copying', wish.onProgress);
  await target.begin(await source.database.schema());
  for await (const record of contentRecords(filesIn(wish.from, source), toSnapshot(source.database))) {
    digester.add(record);
    await target.take(record);
    see(record);
  }
  await target.take({ kind: 'head', head: toKeyringRecord(keyring) });
  return digester.result();
};

/** The key stays what it was, unless another is named: a key file beside the old directory becomes one beside the new. */
const keptUnder = ({ from, to }: MigrateWish, { origin }: Keyring): KeySource | undefined => {
  if (to.secrets !== undefined || (origin.kind === 'file' && origin.path === undefined)) return to.secrets;
  if (from.secrets !== undefined) return from.secrets;
  // Without being told it was opened by what it tells of itself: a file of a key or of a passphrase.
  const path = origin.path ?? '';
  return origin.kind === 'passphrase-file' ? { kind: 'passphrase-file', path } : { kind: 'file', path };
};

/** Those by which the rows are sealed. Nothing is made when they are not there (I1). */
const openKeys = async ({ from, clock }: MigrateWish, { database }: OpenDatabase): Promise<Keyring> => {
  const { secrets } = from;
  const files = await openKeptFiles(from);
  const known = await database.row('SELECT value FROM meta WHERE key = ?', idKey);
  if ((await readKeyring(files)) !== undefined) {
    const keyring = await openKeyring({ dataDir: from.dataDir, source: secrets, clock, files });
    if (known?.['value'] === keyring.id) return keyring;
  }
  throw new ApiError(
    'ServiceUnavailable',
    `cannot move ${nameOf(from)}: ${files.nameOf(keyringPath)} is missing or not the one by which its secrets are sealed; restore it from a backup`,
  );
};

/** Throws ApiError saying what stands in the way; the place it was to go to is then as empty as before. */
export const migrateStore = async (wish: MigrateWish): Promise<Migrated> => {
  const { from, to, onProgress } = wish;
  if (nameOf(from) === nameOf(to))
    throw new ApiError(
      'BadRequest',
      `cannot move ${nameOf(from)}: it would go where it is; name another --to`,
    );
  const source = await openSource(from);
  try {
    const keyring = await openKeys(wish, source);
    return await fillTarget({ ...to, secrets: keptUnder(wish, keyring) }, async (target) => {
      const digest = await copy(source, wish, target, keyring);
      const found = await target.digest(watcher('reading back', onProgress));
      if (found.sha256 !== digest.sha256)
        throw new ApiError(
          'InternalError',
          `cannot move: what was written to ${nameOf(to)} reads otherwise; check its disk`,
        );
      await target.finish();
      return { source: digest, copy: found };
    });
  } finally {
    await source.close();
  }
};
