// drover secrets: the keys under which the controller keeps what is secret.
import { setTimeout as wait } from 'node:timers/promises';
import type { EncryptionStatus } from '@drover/api';
import type { Client } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { createProgressLine } from '../output/progress-line.ts';
import { toTable } from '../output/table.ts';
import type { Session } from '../session.ts';

interface RotateOptions {
  readonly newKeyFile?: string;
  readonly newPassphraseFile?: string;
  readonly detach?: boolean;
}

const pollMs = 500;

const toProgress = ({ rotation }: EncryptionStatus): string => {
  if (rotation === undefined) return 'no';
  const trouble = rotation.message === '' ? '' : `; tried again after: ${rotation.message}`;
  return `${rotation.done} done, ${rotation.remaining} to go${trouble}`;
};

const print = (session: Session, status: EncryptionStatus): void => {
  const kinds = [...new Set(status.dataKeys.flatMap(({ values }) => Object.keys(values)))];
  const headings = ['Data key', 'Created', 'In use', ...kinds];
  const rows = status.dataKeys.map(({ number, createdAt, inUse, values }) => [
    String(number),
    createdAt.replace(/\.\d+Z$/, 'Z'),
    inUse ? 'yes' : 'no',
    ...kinds.map((kind) => String(values[kind] ?? 0)),
  ]);
  const { lines } = toTable(headings, rows);
  session.out.write(`Under:     ${status.key}\nRotation:  ${toProgress(status)}\n\n${lines.join('\n')}\n`);
};

const show = async (
  options: { readonly output?: string },
  command: Command,
  session: Session,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  const status = await session.connect(command).encryption();
  if (isDocument(form)) await printValue(session.out, form, status);
  else print(session, status);
};

/** Until nothing is under an old data key. */
const follow = async (client: Client, first: EncryptionStatus, session: Session): Promise<void> => {
  let status = first;
  const line = createProgressLine(session.err, () => `rotation: ${toProgress(status)}`);
  try {
    while (status.rotation !== undefined) {
      await wait(pollMs);
      status = await client.encryption();
      line.update();
    }
  } finally {
    line.close();
  }
};

const rotate = async (options: RotateOptions, command: Command, session: Session): Promise<void> => {
  const { newKeyFile: keyFile, newPassphraseFile: passphraseFile } = options;
  if (keyFile !== undefined && passphraseFile !== undefined)
    throw usageFailure('cannot use both --new-key-file and --new-passphrase-file');
  const client = session.connect(command);
  const status = await client.rotateKey({
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
  });
  const number = status.dataKeys.at(-1)?.number ?? 0;
  session.note(`data key ${number} is in use, under ${status.key}`);
  if (options.detach === true) return;
  await follow(client, status, session);
  session.out.write(`everything is under data key ${number}\n`);
};

export const define = (command: Command, session: Session): void => {
  const status = command
    .command('status')
    .description('Show under which keys secrets are kept, and how much is still under old ones')
    .option('-o, --output <form>', 'json or yaml');
  status.action((options: { output?: string }) => show(options, status, session));
  const change = command
    .command('rotate-key')
    .description('Bring all secrets under a new data key while the controller serves')
    .option('--new-key-file <path>', "keep data keys under the key in this file of the controller's machine")
    .option('--new-passphrase-file <path>', 'or under the passphrase in this one')
    .option('--detach', 'do not wait until nothing is under the old key');
  change.action((options: RotateOptions) => rotate(options, change, session));
};
