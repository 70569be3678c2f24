// drover patch: change some fields of an object.
import type { KubeObject } from '@drover/api';
import type { PatchType } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printObjects } from '../output/documents.ts';
import { parseReferences } from '../resources/references.ts';
import type { Session } from '../session.ts';

interface PatchOptions {
  readonly patch: string;
  readonly type: string;
  readonly namespace: string;
  readonly dryRun?: boolean;
  readonly output?: string;
}

const types: Readonly<Record<string, PatchType>> = {
  merge: 'merge',
  json: 'json',
  strategic: 'strategic-merge',
};

const parsePatch = async (text: string): Promise<unknown> => {
  const { parse } = await import('yaml');
  try {
    const value: unknown = parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw usageFailure('cannot use --patch: neither JSON nor YAML of an object or a list');
};

const patch = async (words: readonly string[], options: PatchOptions, command: Command, session: Session) => {
  const form = parseOutputForm(options.output);
  const type = types[options.type];
  if (type === undefined)
    throw usageFailure(`cannot use --type ${options.type}: choose merge, json or strategic`);
  const body = await parsePatch(options.patch);
  const client = session.connect(command);
  const references = parseReferences(words, await client.discover());
  const patched: KubeObject[] = [];
  for (const { kind, name } of references) {
    const where = { namespace: options.namespace, dryRun: options.dryRun === true };
    patched.push(await client.patch<KubeObject>(kind, name, { type, body }, where));
    if (!isDocument(form)) session.out.write(`${kind.singular}/${name} patched\n`);
  }
  if (isDocument(form)) await printObjects(session.out, form, patched, patched.length > 1);
};

export const define = (command: Command, session: Session): void => {
  command
    .argument('<kind[/name]>', "kind or kind/name: 'node web1', 'run/abc'")
    .argument('[name...]')
    .requiredOption('-p, --patch <text>', `JSON or YAML, e.g. '{"metadata":{"labels":{"rack":"a"}}}'`)
    .option('--type <type>', 'merge, json or strategic', 'merge')
    .option('-n, --namespace <name>', 'in this namespace', 'default')
    .option('--dry-run', 'let the server check it and store nothing')
    .option('-o, --output <form>', 'json, yaml or name')
    .action((kind: string, names: string[], options: PatchOptions) =>
      patch([kind, ...names], options, command, session),
    );
};
