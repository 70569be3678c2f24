// drover delete: delete objects by name, by label or as files name them.
import type { Client, DiscoveredKind, Discovery } from '@drover/client';
import type { Command } from 'commander';
import { exitCodes, toOutcome, usageFailure } from '../failure.ts';
import { collect } from '../resources/collect.ts';
import { loadObjectFiles } from '../resources/files.ts';
import { findByKind } from '../resources/kind-of.ts';
import { parseReferences } from '../resources/references.ts';
import type { Session } from '../session.ts';

interface DeleteOptions {
  readonly namespace: string;
  readonly selector?: string;
  readonly all?: boolean;
  readonly filename: readonly string[];
  readonly wait: boolean;
  readonly dryRun?: boolean;
  readonly ignoreNotFound?: boolean;
}

interface Target {
  readonly kind: DiscoveredKind;
  readonly name: string;
  readonly namespace: string;
}

const chosenBySelector = async (
  client: Client,
  discovery: Discovery,
  word: string,
  options: DeleteOptions,
): Promise<readonly Target[]> => {
  const kind = discovery.find(word);
  const { namespace, selector } = options;
  const found = await collect(client.listAll(kind, { namespace, labelSelector: selector }));
  return found.map((object) => ({ kind, name: object.metadata.name ?? '', namespace }));
};

const choose = async (
  client: Client,
  words: readonly string[],
  options: DeleteOptions,
): Promise<readonly Target[]> => {
  const discovery = await client.discover();
  const { namespace } = options;
  const fromFiles =
    options.filename.length === 0
      ? []
      : (await loadObjectFiles(options.filename)).map(({ object, source }) => ({
          kind: findByKind(discovery, object.apiVersion, object.kind, source),
          name: object.metadata.name ?? '',
          namespace: object.metadata.namespace ?? namespace,
        }));
  const [first] = words;
  if (first === undefined) {
    if (fromFiles.length === 0)
      throw usageFailure('cannot delete nothing: give KIND NAME, KIND/NAME or -f FILE');
    return fromFiles;
  }
  const isWide = options.selector !== undefined || options.all === true;
  if (isWide && words.length === 1 && !first.includes('/'))
    return [...fromFiles, ...(await chosenBySelector(client, discovery, first, options))];
  if (isWide) throw usageFailure('cannot use -l or --all with names: give one of them');
  return [...fromFiles, ...parseReferences(words, discovery).map((one) => ({ ...one, namespace }))];
};

const remove = async (
  words: readonly string[],
  options: DeleteOptions,
  command: Command,
  session: Session,
) => {
  const client = session.connect(command);
  const targets = await choose(client, words, options);
  if (targets.length === 0) session.note('nothing found');
  const one = async ({ kind, name, namespace }: Target): Promise<void> => {
    await client.delete(kind, name, { namespace, dryRun: options.dryRun === true });
    if (options.wait && options.dryRun !== true)
      await client.waitFor(kind, name, (object) => object === undefined, { namespace });
    session.out.write(`${kind.singular}/${name} deleted${options.dryRun === true ? ' (dry run)' : ''}\n`);
  };
  for (const target of targets)
    await one(target).catch((error: unknown) => {
      const { lines, exitCode } = toOutcome(error);
      if (exitCode === exitCodes.unreachable) throw error;
      const isGone = error instanceof Error && 'reason' in error && error.reason === 'NotFound';
      if (isGone && options.ignoreNotFound === true) return;
      session.note(lines.join('\n'));
      session.setExitCode(exitCodes.failed);
    });
};

export const define = (command: Command, session: Session): void => {
  command
    .argument('[kind[/name]]', "kind or kind/name: 'node web1', 'run/abc'")
    .argument('[name...]')
    .option('-n, --namespace <name>', 'in this namespace', 'default')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--all', 'every one of the kind')
    .option(
      '-f, --filename <file>',
      'objects that this file names; may be repeated',
      (file: string, all: string[]) => [...all, file],
      [],
    )
    .option('--no-wait', 'do not wait until they are gone')
    .option('--dry-run', 'let the server check it and delete nothing')
    .option('--ignore-not-found', 'what is not there is no failure')
    .action((kind: string | undefined, names: string[], options: DeleteOptions) =>
      remove(kind === undefined ? [] : [kind, ...names], options, command, session),
    );
};
