// drover pull: a file or a directory tree from many nodes, each into a directory of its own.

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { toSize } from '@drover/api/size';
import { type Client, fileTransfers, type Task } from '@drover/client';
import { parseManifest } from '@drover/client/manifest';
import { toPullOutcome } from '@drover/client/outcome';
import type { Command } from 'commander';
import { decodeName, encodeName } from '../content/names.ts';
import { restoreContent } from '../content/restore.ts';
import { exitCodes, Failure, usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { createProgressLine } from '../output/progress-line.ts';
import type { Session } from '../session.ts';
import { attendWork, printReport } from '../work/attend.ts';
import { addWorkOptions, toWorkMetadata, toWorkSpec, type WorkOptions } from '../work/options.ts';
import { createByteText } from '../work/rate.ts';
import { isSuccess } from '../work/rows.ts';
import { openSend, type Send } from '../work/send.ts';

interface PullOptions extends WorkOptions {
  readonly encoded?: boolean;
}

/** Nodes fetched from at a time. */
const width = 4;
const maxManifestBytes = 1 << 30;

const toTransfer = (path: string, options: PullOptions): Record<string, unknown> => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'FileTransfer',
  metadata: toWorkMetadata(options, 'pull'),
  spec: { direction: 'Pull', path, ...toWorkSpec(options) },
});

const readManifest = async (client: Client, sha256: string): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of client.content.download(sha256)) {
    size += part.length;
    if (size > maxManifestBytes) throw new Failure('cannot read the manifest: it is longer than 1 GiB');
    parts.push(part);
  }
  return Buffer.concat(parts);
};

/** Node names are DNS names; anything else must not become a path. */
const directoryFor = (directory: string, node: string): string => {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(node) || node.includes('..'))
    throw new Failure(`cannot write what node ${node} sent: its name is no name for a directory`);
  const path = join(directory, node);
  mkdirSync(path, { recursive: true });
  return path;
};

const fetchOne = async (
  client: Client,
  task: Task,
  directory: string,
  name: Buffer,
  onBytes: (count: number) => void,
): Promise<void> => {
  const { manifest } = toPullOutcome(task);
  if (manifest === '') throw new Failure(`cannot fetch from ${task.node}: it sent no manifest`);
  const { head, entries } = parseManifest(await readManifest(client, manifest));
  const target = Buffer.concat([Buffer.from(`${directoryFor(directory, task.node)}/`), name]);
  const open = (offset: number) => client.content.download(head.content, { offset });
  await restoreContent({ head, entries, target, open, onBytes });
};

/** Fetches from every node that has something; resolves to how many failed. */
const fetchAll = async (
  client: Client,
  tasks: readonly Task[],
  directory: string,
  name: Buffer,
  session: Session,
  quiet: boolean,
): Promise<number> => {
  const total = tasks.reduce((sum, task) => sum + toPullOutcome(task).sizeBytes, 0);
  let done = 0;
  let failed = 0;
  const line = createProgressLine(session.err, () => `receiving ${toSize(done)} of ${toSize(total)}`, !quiet);
  const left = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift())
      try {
        await fetchOne(client, task, directory, name, (count) => {
          done += count;
          line.update();
        });
      } catch (error) {
        failed += 1;
        const node = task.node;
        const why = error instanceof Error ? error.message : String(error);
        line.above(() => session.note(`${node}: ${why}`));
      }
  };
  await Promise.all(Array.from({ length: Math.min(width, tasks.length) }, work));
  line.close();
  return failed;
};

const pullOne = async (
  client: Client,
  send: Send,
  path: string,
  directory: string,
  options: PullOptions,
  session: Session,
): Promise<boolean> => {
  const form = parseOutputForm(options.output);
  const quiet = options.quiet === true || isDocument(form);
  const { namespace } = options;
  const sinceMs = performance.now();
  const created = await send.create(client, fileTransfers, toTransfer(path, options));
  if (created === undefined) return true;
  const name = created.metadata.name ?? '';
  if (options.detach === true) {
    session.out.write(`${name}\n`);
    return true;
  }
  const extra = createByteText();
  const attend = { session, client, plural: 'filetransfers', namespace, name, quiet, extra } as const;
  const attended = await attendWork(attend);
  const tasks = attended.tally.tasks();
  const sent = attended.left ? [] : tasks.filter((task) => toPullOutcome(task).manifest !== '');
  const last = Buffer.from(basename(decodeName(path).toString('latin1')), 'latin1');
  const own = last.length === 0 ? Buffer.from('root') : last;
  const failed = await fetchAll(client, sent, directory, own, session, quiet);
  let refused = 0;
  for (const task of tasks)
    for (const item of toPullOutcome(task).refused) {
      refused += 1;
      session.warn(`${task.node}: not sent: ${item.path === '' ? path : item.path}: ${item.reason}`);
    }
  if (form === 'json' || form === 'yaml')
    await printValue(session.out, form, { transfer: attended.work, results: tasks });
  else if (form === 'name') session.out.write(`filetransfer.drover.dev/${name}\n`);
  else if (!quiet && sent.length > failed)
    session.note(`${encodeName(own)} of ${sent.length - failed} node(s) is in ${join(directory, '<node>')}`);
  printReport(attend, attended, sinceMs);
  return !attended.left && failed === 0 && refused === 0 && tasks.every(isSuccess);
};

const toPath = (text: string, encoded: boolean): string => {
  const plain = text.startsWith(':') ? text.slice(1) : text;
  if (!plain.startsWith('/')) throw usageFailure(`cannot pull ${text}: not an absolute path of the nodes`);
  return (encoded ? encodeName(decodeName(plain)) : encodeName(Buffer.from(plain))).replace(/(.)\/+$/, '$1');
};

const pull = async (words: readonly string[], options: PullOptions, command: Command, session: Session) => {
  const directory = words.at(-1) ?? '';
  if (words.length < 2 || directory.startsWith(':'))
    throw usageFailure('cannot tell where to: give the paths on the nodes, then the directory here');
  parseOutputForm(options.output);
  toWorkSpec(options);
  const paths = words.slice(0, -1).map((word) => toPath(word, options.encoded === true));
  const client = session.connect(command);
  const send = await openSend(session, command, options);
  let allOk = true;
  for (const path of paths) allOk = (await pullOne(client, send, path, directory, options, session)) && allOk;
  session.setExitCode(allOk ? exitCodes.ok : exitCodes.failed);
};

export const define = (command: Command, session: Session): void => {
  command
    .usage("-n 'web[1-20]' [options] <path ...> <directory>")
    .argument(
      '<words...>',
      'absolute paths on the nodes, then a directory here: files arrive as DIRECTORY/NODE/NAME',
    );
  addWorkOptions(command)
    .option('--encoded', 'paths are given with %XX for any byte (and %25 for %)')
    .addHelpText('after', "\nExample:\n  drover pull -n 'web[1-20]' /var/log/nginx/error.log ./logs")
    .action((words: string[], options: PullOptions) => pull(words, options, command, session));
};
