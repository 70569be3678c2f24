// Owns 'log': the kept output of a run or transfer, of all nodes or of one, from any byte on.
import type { Client, Task, WorkReference } from '@drover/client';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { printableOutput } from '../output/terminal.ts';
import { parseWhole } from '../output/units.ts';
import type { Session } from '../session.ts';
import { toCutNote } from './cut.ts';
import { printFold } from './fold-printer.ts';
import { createLogPrinter } from './log-printer.ts';
import { addNamespace, toName, type WorkNoun } from './named.ts';
import { workKinds } from './rows.ts';

interface LogOptions {
  readonly namespace: string;
  readonly node?: string;
  readonly stream?: string;
  readonly offset?: string;
  readonly follow?: boolean;
  readonly fold?: boolean;
  readonly raw?: boolean;
  readonly output?: string;
}

const streamOf = ({ stream }: LogOptions): 'stdout' | 'stderr' | undefined => {
  if (stream === undefined || stream === 'stdout' || stream === 'stderr') return stream;
  throw usageFailure(`cannot use --stream ${stream}: choose stdout or stderr`);
};

const logOfNode = async (
  client: Client,
  session: Session,
  work: WorkReference,
  options: LogOptions & { readonly node: string },
): Promise<void> => {
  const safe = session.out.isTerminal && options.raw !== true;
  const asked = streamOf(options);
  const offset = options.offset === undefined ? 0 : parseWhole(options.offset, '--offset');
  for (const stream of asked === undefined ? (['stdout', 'stderr'] as const) : [asked]) {
    const sink = stream === 'stdout' ? session.out : session.err;
    const bytes = client.nodeLog(work, options.node, { stream, offset, follow: options.follow === true });
    for await (const part of bytes) sink.write(safe ? printableOutput(part) : part);
  }
};

const logOfAll = async (
  client: Client,
  session: Session,
  work: WorkReference,
  options: LogOptions,
): Promise<void> => {
  const stream = streamOf(options);
  const raw = options.raw === true;
  const printer = createLogPrinter(session.out, session.err, { raw, prefix: !raw });
  for await (const chunk of client.log(work, { follow: options.follow === true })) {
    if (stream !== undefined && stream !== chunk.stream) continue;
    if (options.output === 'json') {
      const data = Buffer.from(chunk.data).toString('base64');
      session.out.write(`${JSON.stringify({ ...chunk, data })}\n`);
    } else printer.print(chunk);
  }
  printer.finish();
};

/** On standard error, so that the bytes on standard output stay those of the command. */
const tellCut = async (client: Client, session: Session, work: WorkReference, node?: string) => {
  const tasks: Task[] = [];
  for await (const task of client.allResults(work, { node })) tasks.push(task);
  const note = toCutNote(tasks);
  if (note !== undefined) session.note(note);
};

const log = async (
  name: string,
  options: LogOptions,
  command: Command,
  session: Session,
  { plural }: WorkNoun,
): Promise<void> => {
  const client = session.connect(command);
  const work: WorkReference = { kind: workKinds[plural], name: toName(name), namespace: options.namespace };
  const { node } = options;
  if (options.fold === true) return printFold(session.out, await client.fold(work));
  if (node !== undefined) await logOfNode(client, session, work, { ...options, node });
  else await logOfAll(client, session, work, options);
  await tellCut(client, session, work, node);
};

export const defineLog = (command: Command, session: Session, work: WorkNoun): void => {
  const define = addNamespace(command.command('log').description(`Print the kept output of a ${work.noun}`))
    .argument('<name>')
    .option('--node <name>', "one node's output, byte for byte")
    .option('--stream <name>', 'stdout or stderr only')
    .option('--offset <bytes>', 'begin at this byte of the stream (with --node)')
    .option('-f, --follow', 'go on until it ends')
    .option('--fold', 'show identical outputs once, with their node-set')
    .option('--raw', 'byte for byte and without node names')
    .option('-o, --output <form>', 'json: one line per piece of output');
  define.action((name: string, options: LogOptions) => log(name, options, define, session, work));
};
