// drover backup: everything that the controller keeps, in one encrypted file; and whether such a file is whole.
import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { addOpenerOptions, type OpenerOptions, toWish, toWords } from '../backup/opener.ts';
import { usageFailure } from '../failure.ts';
import { toSize } from '../output/units.ts';
import { runOffline } from '../platform/offline.ts';
import type { Session } from '../session.ts';

const defaultName = (createdAt: string): string =>
  `drover-${createdAt.slice(0, 19).replace(/[:-]/g, '')}Z.backup`;

const checkNew = async (file: string): Promise<void> => {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw usageFailure(`cannot write ${file}: it is there already`, 'name another file');
};

/** The file has its name only when it is whole and durable. */
const save = async (data: AsyncIterable<Uint8Array>, file: string): Promise<void> => {
  const part = `${file}.part`;
  try {
    await pipeline(data, createWriteStream(part, { mode: 0o600, flush: true }));
    await checkNew(file);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};

const create = async (
  file: string | undefined,
  options: OpenerOptions,
  command: Command,
  session: Session,
): Promise<void> => {
  if (file !== undefined && file !== '-') await checkNew(file);
  const client = session.connect(command);
  const wish = await toWish(options, session);
  session.note('the controller puts the backup together');
  const info = await client.makeBackup(wish);
  const data = client.backup(info.id);
  const name = file ?? defaultName(info.createdAt);
  if (name === '-') for await (const part of data) session.out.write(part);
  else await save(data, name);
  const what = `revision ${info.revision}, ${info.counts['blob'] ?? 0} blobs, ${toSize(info.sizeBytes)}`;
  session.note(`${name === '-' ? 'backed up' : `wrote ${name}`}: ${what}\ndigest ${info.digest}`);
};

export const define = (command: Command, session: Session): void => {
  const make = addOpenerOptions(
    command
      .command('create', { isDefault: true })
      .description('Write everything that the controller keeps into one encrypted file')
      .argument('[file]', "where; '-': standard output; a name with the time unless given"),
  );
  make.action((file: string | undefined, options: OpenerOptions) => create(file, options, make, session));
  const verify = addOpenerOptions(
    command
      .command('verify')
      .description('Read a backup to its end and check that it is whole (on the machine of the controller)')
      .argument('<file>', 'the backup'),
  );
  verify.action(async (file: string, options: OpenerOptions) => {
    const { words, secrets } = await toWords(options, session);
    await runOffline(['verify-backup', file, ...words], secrets, session);
  });
};
