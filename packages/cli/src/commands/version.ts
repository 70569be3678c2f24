// drover version: versions of the command line and of the controller it talks to.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseOutputForm, printValue } from '../output/documents.ts';
import { ownDirectory } from '../platform/installation.ts';
import type { Session } from '../session.ts';

interface VersionOptions {
  readonly client?: boolean;
  readonly output?: string;
}

const ownVersion = (): string => {
  const text = readFileSync(join(ownDirectory, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

/** `v1.35.0+drover-0.1.0`: the level of the Kubernetes API, and Drover's own version. */
const toWords = (gitVersion: string): string => {
  const [level, own] = gitVersion.split('+drover-');
  return own === undefined ? gitVersion : `${own} (Kubernetes API ${level})`;
};

const version = async (options: VersionOptions, command: Command, session: Session): Promise<void> => {
  const form = parseOutputForm(options.output);
  const client = { version: ownVersion(), node: process.version };
  const server = options.client === true ? undefined : await session.connect(command).version();
  if (form === 'json' || form === 'yaml') return printValue(session.out, form, { client, server });
  session.out.write(`drover ${client.version} (Node.js ${client.node})\n`);
  if (server !== undefined) session.out.write(`controller ${toWords(server.gitVersion)}\n`);
};

export const define = (command: Command, session: Session): void => {
  command
    .option('--client', 'of the command line only; asks nobody')
    .option('-o, --output <form>', 'json or yaml')
    .action((options: VersionOptions) => version(options, command, session));
};
