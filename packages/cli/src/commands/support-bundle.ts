// drover support-bundle: what helps to find a fault of the controller, and no secret, in one archive.

import { stat } from 'node:fs/promises';
import { toSize } from '@drover/api/size';
import type { Command } from 'commander';
import { nowMs } from '../platform/clock.ts';
import { checkNew, saveNew } from '../platform/new-file.ts';
import type { Session } from '../session.ts';

const defaultName = (): string =>
  `drover-support-${new Date(nowMs()).toISOString().slice(0, 19).replace(/[:-]/g, '')}Z.tar.gz`;

const take = async (file = defaultName(), command: Command, session: Session): Promise<void> => {
  if (file !== '-') await checkNew(file);
  const data = session.connect(command).supportBundle();
  if (file === '-') {
    for await (const part of data) session.out.write(part);
    return;
  }
  await saveNew(data, file);
  const { size } = await stat(file);
  session.note(`wrote ${file} (${toSize(size)}); its README.txt says what is in it and what is not`);
};

export const define = (command: Command, session: Session): void => {
  command
    .argument('[file]', "where; '-': standard output; a name with the time unless given")
    .action((file: string | undefined) => take(file, command, session));
};
