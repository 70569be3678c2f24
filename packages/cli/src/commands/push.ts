// drover push: files and directory trees to many nodes.

import { basename } from 'node:path';
import { toSize } from '@drover/api/size';
import { type Client, fileTransfers } from '@drover/client';
import type { Refused } from '@drover/client/outcome';
import type { Command } from 'commander';
import { type Built, buildManifest } from '../content/build.ts';
import { decodeName, encodeName } from '../content/names.ts';
import { printPushOutcomes } from '../content/outcome-printer.ts';
import { uploadContent } from '../content/upload.ts';
import { exitCodes, usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { createProgressLine } from '../output/progress-line.ts';
import type { Session } from '../session.ts';
import { attendWork, printReport } from '../work/attend.ts';
import { addWorkOptions, toWorkMetadata, toWorkSpec, type WorkOptions } from '../work/options.ts';
import { createByteText } from '../work/rate.ts';
import { openSend, type Send } from '../work/send.ts';

interface PushOptions extends WorkOptions {
  readonly mode?: string;
  readonly owner?: string;
  readonly check?: boolean;
  readonly changes?: boolean;
  readonly encoded?: boolean;
}

const toBytes = (text: string, encoded: boolean): Buffer => {
  if (!encoded && text.includes('\uFFFD'))
    throw usageFailure(
      `cannot use ${text}: it holds bytes that are not UTF-8`,
      'write them %XX and give --encoded, or push the directory above',
    );
  try {
    return encoded ? decodeName(text) : Buffer.from(text);
  } catch (error) {
    throw usageFailure(`cannot use ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** Where a source goes: below a destination that ends in '/', else exactly there. In manifest encoding. */
const targetOf = (source: Buffer, destination: string, encoded: boolean): string => {
  const path = encodeName(toBytes(destination, encoded));
  if (!path.endsWith('/')) return path;
  const name = Buffer.from(basename(source.toString('latin1').replace(/\/+$/, '')), 'latin1');
  if (['', '.', '..'].includes(name.toString('latin1')))
    throw usageFailure(`cannot tell the name of ${encodeName(source)}: give the whole destination`);
  return path + encodeName(name);
};

const checkWords = (words: readonly string[]): readonly [readonly string[], string] => {
  const destination = words.at(-1) ?? '';
  const sources = words.slice(0, -1);
  if (!destination.startsWith(':/'))
    throw usageFailure(
      `cannot use ${destination}: the last word is the destination on the nodes, ':/absolute/path'`,
    );
  if (sources.length === 0)
    throw usageFailure('cannot push nothing: give what to push before the destination');
  if (sources.length > 1 && !destination.endsWith('/'))
    throw usageFailure(`cannot push several sources to ${destination}: end it with '/'`);
  return [sources, destination.slice(1)];
};

const warnRefused = (session: Session, refused: readonly Refused[]): void => {
  for (const { path, reason } of refused.slice(0, 100)) session.warn(`not sent: ${path}: ${reason}`);
  if (refused.length > 100) session.warn(`and ${refused.length - 100} more not sent`);
};

const bring = async (client: Client, built: Built, session: Session, quiet: boolean): Promise<void> => {
  const { head, manifest, manifestSha256 } = built;
  let done = 0;
  const text = () => `sending to the controller: ${toSize(done)} of ${toSize(head.sizeBytes)}`;
  const line = createProgressLine(session.err, text, !quiet);
  const onProgress = (bytes: number) => {
    done = bytes;
    line.update();
  };
  try {
    if (head.content !== '')
      await uploadContent({
        client,
        sha256: head.content,
        sizeBytes: head.sizeBytes,
        read: built.read,
        onProgress,
      });
    const read = (offset: number) => [manifest.subarray(offset)];
    const sizeBytes = manifest.length;
    await uploadContent({ client, sha256: manifestSha256, sizeBytes, read, onProgress: () => undefined });
  } finally {
    line.close();
  }
};

const build = async (source: Buffer, session: Session, quiet: boolean): Promise<Built> => {
  let hashed = 0;
  const line = createProgressLine(
    session.err,
    () => `reading ${encodeName(source)}: ${toSize(hashed)}`,
    !quiet,
  );
  try {
    return await buildManifest(source, (bytes) => {
      hashed += bytes;
      line.update();
    });
  } finally {
    line.close();
  }
};

const toTransfer = (built: Built, path: string, options: PushOptions): Record<string, unknown> => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'FileTransfer',
  metadata: toWorkMetadata(options, 'push'),
  spec: {
    direction: 'Push',
    manifest: built.manifestSha256,
    path,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    check: options.check === true,
    ...toWorkSpec(options),
  },
});

/** Pushes one source; resolves to whether all of it arrived everywhere. */
const pushOne = async (
  client: Client,
  send: Send,
  source: Buffer,
  path: string,
  options: PushOptions,
  session: Session,
) => {
  const form = parseOutputForm(options.output);
  const quiet = options.quiet === true || isDocument(form);
  const { namespace } = options;
  const sinceMs = performance.now();
  const built = await build(source, session, quiet);
  warnRefused(session, built.refused);
  await bring(client, built, session, quiet);
  const created = await send.create(client, fileTransfers, toTransfer(built, path, options));
  if (created === undefined) return built.refused.length === 0;
  const name = created.metadata.name ?? '';
  if (options.detach === true) {
    session.out.write(form === 'name' ? `filetransfer.drover.dev/${name}\n` : `${name}\n`);
    return built.refused.length === 0;
  }
  const attend = {
    session,
    client,
    plural: 'filetransfers',
    namespace,
    name,
    quiet,
    extra: createByteText(),
  } as const;
  const attended = await attendWork(attend);
  const tasks = attended.tally.tasks();
  if (form === 'json' || form === 'yaml')
    await printValue(session.out, form, { transfer: attended.work, results: tasks });
  else if (form === 'name') session.out.write(`filetransfer.drover.dev/${name}\n`);
  else
    printPushOutcomes(session.out, tasks, {
      root: path,
      check: options.check === true,
      all: options.changes === true,
    });
  printReport(attend, attended, sinceMs);
  return attended.exitCode === exitCodes.ok && built.refused.length === 0;
};

const push = async (words: readonly string[], options: PushOptions, command: Command, session: Session) => {
  const [sources, destination] = checkWords(words);
  parseOutputForm(options.output);
  const spec = toWorkSpec(options);
  const encoded = options.encoded === true;
  const plans = sources.map((source) => {
    const bytes = toBytes(source, encoded);
    return { source: bytes, path: targetOf(bytes, destination, encoded) };
  });
  const client = session.connect(command);
  const send = await openSend(session, command, options);
  await send.check(client, { spec });
  let allOk = true;
  for (const { source, path } of plans)
    allOk = (await pushOne(client, send, source, path, options, session)) && allOk;
  session.setExitCode(allOk ? exitCodes.ok : exitCodes.failed);
};

export const define = (command: Command, session: Session): void => {
  command
    .usage("-n 'web[1-20]' [options] <source ...> :<destination>")
    .argument(
      '<words...>',
      "files or directories, then ':/absolute/path' on the nodes; below it when it ends in '/'",
    );
  addWorkOptions(command)
    .option('--mode <octal>', 'mode of the files, e.g. 0644; absent: as at the source')
    .option('--owner <user[:group]>', "owner on the nodes; absent: the agent's user")
    .option('--check', 'say what would change, with a diff for text, and change nothing')
    .option('--changes', 'also say what was changed')
    .option('--encoded', 'names are given with %XX for any byte (and %25 for %)')
    .addHelpText(
      'after',
      `
Examples:
  drover push -n '@web' nginx.conf :/etc/nginx/nginx.conf --owner root:root --mode 0644 --check
  drover push -n '*' ./site :/srv/        the tree arrives as /srv/site
Files are sent once to the controller (not again when it has them), verified, and put in place whole.`,
    )
    .action((words: string[], options: PushOptions) => push(words, options, command, session));
};
