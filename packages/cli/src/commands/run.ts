// drover run: one command or script on many nodes, shown live.
import { isUtf8 } from 'node:buffer';
import type { CommandRun } from '@drover/api';
import { type Client, commandRuns } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { printable } from '../output/terminal.ts';
import { parsePairs } from '../output/units.ts';
import { readInput } from '../platform/input-file.ts';
import type { Session } from '../session.ts';
import { addWorkOptions, toWorkMetadata, toWorkSpec, type WorkOptions } from '../work/options.ts';
import { openSend } from '../work/send.ts';
import { showWork } from '../work/show.ts';

interface RunOptions extends WorkOptions {
  readonly user?: string;
  readonly cwd?: string;
  readonly env: readonly string[];
  readonly stdin?: string;
  readonly script?: string;
  readonly interpreter?: string;
  readonly maxOutput?: string;
  readonly fold?: boolean;
  readonly raw?: boolean;
  readonly dryRun?: boolean;
  readonly saved?: string;
  readonly param: readonly string[];
}

/** The text of a file, byte for byte: an object holds text only. */
const readText = async (path: string, what: string): Promise<string> => {
  const data = await readInput(path, what);
  if (!isUtf8(data))
    throw usageFailure(
      `cannot send ${what} ${path}: it is not UTF-8 text`,
      'push it as a file, then let the command read it there',
    );
  return data.toString('utf8');
};

const commandOf = async (argv: readonly string[], options: RunOptions): Promise<Record<string, unknown>> => {
  if (options.script !== undefined && options.stdin === '-' && options.script === '-')
    throw usageFailure('cannot use --script - with --stdin -: there is one standard input');
  if (options.script === undefined) {
    if (argv.length === 0) throw usageFailure('cannot run nothing: give a command after -- or --script FILE');
    return { argv };
  }
  if (argv.length > 0) throw usageFailure('cannot run both a command and --script: give one of them');
  const interpreter = options.interpreter?.trim().split(/\s+/);
  return {
    script: { ...(interpreter ? { interpreter } : {}), source: await readText(options.script, '--script') },
  };
};

const parseBytes = (text: string): number => {
  const found = /^(\d+)([kmg]?)$/i.exec(text);
  if (found === null)
    throw usageFailure(`cannot use --max-output ${text}: not a size such as 512k, 16m or 1g`);
  return (
    Number(found[1]) * { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }[(found[2] ?? '').toLowerCase() as 'k']
  );
};

const toRun = async (argv: readonly string[], options: RunOptions): Promise<Record<string, unknown>> => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'CommandRun',
  metadata: toWorkMetadata(options, 'run'),
  spec: {
    ...(await commandOf(argv, options)),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env.length === 0 ? {} : { env: parsePairs(options.env, '--env') }),
    ...(options.stdin === undefined ? {} : { stdin: await readText(options.stdin, '--stdin') }),
    ...(options.maxOutput === undefined ? {} : { maxOutputBytes: parseBytes(options.maxOutput) }),
    ...toWorkSpec(options),
  },
});

const notBeside = ['script', 'stdin', 'user', 'cwd', 'interpreter', 'maxOutput'] as const;

/** A saved command says all but the nodes, the pace and its parameters. */
const toSaved = async (
  client: Client,
  argv: readonly string[],
  options: RunOptions,
): Promise<Record<string, unknown>> => {
  const beside = notBeside.find((name) => options[name] !== undefined);
  if (argv.length > 0 || beside !== undefined || options.env.length > 0)
    throw usageFailure(
      'cannot run a saved command and another: --saved goes with -p, nodes and pace only',
      'to run it otherwise, save it anew: drover get savedcommand NAME -o yaml',
    );
  const { toSavedWork } = await import('../work/saved.ts');
  return toSavedWork(client, options.saved ?? '', parsePairs(options.param, '-p'), options);
};

/** What would become of it: who may not is told so by the refusal itself. */
const printForeseen = (session: Session, { status }: CommandRun): void => {
  const total = status?.counts?.total ?? 0;
  session.out.write(`would run on ${total} ${total === 1 ? 'node' : 'nodes'}; nothing was made\n`);
  for (const line of (status?.message ?? '').split('\n'))
    if (line !== '') session.out.write(`${printable(line)}\n`);
};

const run = async (argv: readonly string[], options: RunOptions, command: Command, session: Session) => {
  const form = parseOutputForm(options.output);
  const client = session.connect(command);
  const body =
    options.saved === undefined ? await toRun(argv, options) : await toSaved(client, argv, options);
  if (options.dryRun === true) {
    const foreseen = await client.create(commandRuns, body, { namespace: options.namespace, dryRun: true });
    if (isDocument(form)) await printValue(session.out, form, foreseen);
    else printForeseen(session, foreseen);
    return;
  }
  const send = await openSend(session, command, options, [options.script, options.stdin].includes('-'));
  const sinceMs = performance.now();
  const created = await send.create(client, commandRuns, body);
  if (created === undefined) return;
  const name = created.metadata.name ?? '';
  if (options.detach === true) {
    session.out.write(form === 'name' ? `commandrun.drover.dev/${name}\n` : `${name}\n`);
    return;
  }
  await showWork({
    session,
    client,
    plural: 'commandruns',
    namespace: options.namespace,
    name,
    form,
    quiet: options.quiet === true || isDocument(form),
    fold: options.fold === true,
    raw: options.raw === true,
    sinceMs,
  });
};

export const define = (command: Command, session: Session): void => {
  command.usage("-n 'web[1-20]' [options] -- command [argument ...]").passThroughOptions();
  command.argument('[command...]', 'the command and its arguments, given as they are (no shell)');
  addWorkOptions(command)
    .option('--user <name>', 'run as this user of the node')
    .option('--cwd <directory>', 'run in this directory of the node')
    .option(
      '--env <key=value>',
      'set a variable; may be repeated',
      (pair: string, all: string[]) => [...all, pair],
      [],
    )
    .option('--stdin <file>', 'give this file (or -) to the command as standard input')
    .option('--script <file>', 'run this script (or -) instead of a command')
    .option('--interpreter <command>', 'what runs the script, e.g. python3; absent: /bin/sh')
    .option('--saved <name>', 'run this saved command instead; nodes may be left to it')
    .option(
      '-p, --param <key=value>',
      'a parameter of the saved command; may be repeated',
      (pair: string, all: string[]) => [...all, pair],
      [],
    )
    .option('--max-output <size>', 'keep at most this much of each stream and node, e.g. 16m')
    .option('--dry-run', 'say what the run policies would refuse, ask or note, on which nodes; make nothing')
    .option('--fold', 'show identical outputs once, at the end, with their node-set')
    .option('--no-fold', 'show output as it comes, each line with its node (default)')
    .option('--raw', 'show output as it comes, byte for byte and without node names');
  command.addHelpText(
    'after',
    `
Examples:
  drover run -n 'web[1-20],@db!web3' -- systemctl restart nginx
  drover run -l rack=a --fold -- uname -r
  drover run --saved deploy -n '@web' -p version=1.2
  drover run -n '*' --batches 1,5%,100% --gate after-first --max-failures 5% --script fix.sh
Ctrl-C cancels the run and waits for the proof; a second Ctrl-C leaves it alone.`,
  );
  command.action((argv: string[], options: RunOptions) => run(argv, options, command, session));
};
