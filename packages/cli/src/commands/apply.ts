// drover apply: bring objects to what files say.
import type { KubeObject } from '@drover/api';
import type { Command } from 'commander';
import { exitCodes, toOutcome, usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printObjects } from '../output/documents.ts';
import { applyObject } from '../resources/apply.ts';
import { type FileObject, loadObjectFiles } from '../resources/files.ts';
import { findByKind } from '../resources/kind-of.ts';
import type { Session } from '../session.ts';

interface ApplyOptions {
  readonly filename: readonly string[];
  readonly namespace: string;
  readonly dryRun?: boolean;
  readonly output?: string;
}

const apply = async (options: ApplyOptions, command: Command, session: Session): Promise<void> => {
  if (options.filename.length === 0) throw usageFailure('cannot apply nothing: give -f FILE');
  const form = parseOutputForm(options.output);
  const files = await loadObjectFiles(options.filename);
  const client = session.connect(command);
  const discovery = await client.discover();
  const applied: KubeObject[] = [];
  const one = async ({ object, source }: FileObject): Promise<void> => {
    const kind = findByKind(discovery, object.apiVersion, object.kind, source);
    const namespace = object.metadata.namespace ?? options.namespace;
    const result = await applyObject(client, kind, object, { namespace, dryRun: options.dryRun === true });
    applied.push(result.object);
    if (isDocument(form)) return;
    const tail = options.dryRun === true ? ' (dry run)' : '';
    session.out.write(`${kind.singular}/${object.metadata.name} ${result.change}${tail}\n`);
  };
  for (const file of files)
    await one(file).catch((error: unknown) => {
      const { lines, exitCode } = toOutcome(error);
      if (exitCode === exitCodes.unreachable) throw error;
      session.note(`${file.source}: ${lines.join('\n')}`);
      session.setExitCode(exitCodes.failed);
    });
  if (isDocument(form)) await printObjects(session.out, form, applied, applied.length > 1);
};

export const define = (command: Command, session: Session): void => {
  command
    .option(
      '-f, --filename <file>',
      'YAML or JSON file, directory of such files, or -; may be repeated',
      (file: string, all: string[]) => [...all, file],
      [],
    )
    .option('-n, --namespace <name>', 'for objects that name none', 'default')
    .option('--dry-run', 'let the server check everything and store nothing')
    .option('-o, --output <form>', 'json, yaml or name')
    .action((options: ApplyOptions) => apply(options, command, session));
};
