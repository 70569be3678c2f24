// Owns `migrate-store`: from which place to which, and what is told of it.
import { resolve } from 'node:path';
import { ApiError } from '@drover/api';
import { type keySourceFlags, takeKeySource } from './key-source-option.ts';
import { systemClock } from './platform/clock.ts';
import { type Migrated, migrateStore, type Progress } from './store/backup/migrate.ts';
import { nameOf } from './store/backup/target.ts';
import { parseAddress } from './store/postgres/address.ts';

type Values = Readonly<
  Partial<Record<'data-dir' | keyof typeof keySourceFlags, string>> & { from: string; to: string }
>;

const isAddress = (place: string): boolean => /^postgres(ql)?:/.test(place);

/** `dataDir`: beside which the key of the secrets is, for a database. @throws ApiError BadRequest. */
const toPlace = (place: string, dataDir: string | undefined) => {
  if (!isAddress(place)) return { dataDir: resolve(place) };
  parseAddress(place);
  if (dataDir !== undefined) return { dataDir: resolve(dataDir), url: place };
  throw new ApiError(
    'BadRequest',
    'cannot move: --data-dir must name the data directory of a controller on that database: the key of the secrets is beside it',
  );
};

/** The key of the secrets stays where it is, unless `--data-dir` says otherwise. */
const toPlaces = ({ from, to, 'data-dir': dataDir }: Values) => ({
  from: toPlace(from, dataDir),
  to: toPlace(to, dataDir ?? (isAddress(from) ? undefined : from)),
});

const tellMs = 1_000;

/** At most once a second. */
const toProgress = (tell: (text: string) => void): ((progress: Progress) => void) => {
  let toldMs = performance.now();
  return ({ step, rows, sizeBytes }) => {
    if (performance.now() - toldMs < tellMs) return;
    toldMs = performance.now();
    tell(`${step}: ${rows} rows, ${(sizeBytes / 1_048_576).toFixed(1)} MiB`);
  };
};

const shown = (sha256: string): string => sha256.slice(0, 16);

const toLine = (name: string, count: number | string, source: string, copy: string): string =>
  `${name.padEnd(14)} ${String(count).padStart(10)}  ${shown(source).padEnd(16)}  ${shown(copy)}\n`;

const toTable = ({ source, copy }: Migrated): string => {
  const lines = Object.entries(source.tables).map(([name, table]) =>
    toLine(name, table.rows, table.sha256, copy.tables[name]?.sha256 ?? ''),
  );
  const files = toLine('files', source.files.count, source.files.sha256, copy.files.sha256);
  return `${toLine('TABLE', 'ROWS', 'SOURCE', 'COPY')}${lines.join('')}${files}`;
};

/** Takes what is secret out of the environment. @throws ApiError saying what stands in the way. */
export const runMigrate = async (
  values: Values,
  environment: NodeJS.ProcessEnv,
  tell: (text: string) => void,
): Promise<string> => {
  const secrets = takeKeySource(values, environment);
  const { from, to } = toPlaces(values);
  const wish = { from: { ...from, secrets }, to, clock: systemClock, onProgress: toProgress(tell) };
  const moved = await migrateStore(wish);
  const start = to.url === undefined ? '' : ' --store postgres://...';
  return `moved ${nameOf(from)} to ${nameOf(to)}: everything was read back and is the same
${toTable(moved)}${moved.source.files.sizeBytes} bytes of files, digest ${moved.source.sha256}
Start the controller with --data-dir ${to.dataDir}${start}. What was moved is unchanged where it was; start no controller on it any more.
`;
};
