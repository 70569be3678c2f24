// drover backup: everything that the controller keeps, in one encrypted file; and whether such a file is whole.
import { toSize } from '@drover/api/size';
import type { Command } from 'commander';
import { addOpenerOptions, type OpenerOptions, toWish, toWords } from '../backup/opener.ts';
import { checkNew, saveNew } from '../platform/new-file.ts';
import { runOffline } from '../platform/offline.ts';
import type { Session } from '../session.ts';

const defaultName = (createdAt: string): string =>
  `drover-${createdAt.slice(0, 19).replace(/[:-]/g, '')}Z.backup`;

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
  else await saveNew(data, name);
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
