// Owns 'log': the kept output of a run or transfer, of all nodes or of one, from any byte on.
import type { Command } from 'commander';
import type { Connection } from '../connection/connection.ts';
import { resumeLines } from '../connection/resume.ts';
import { usageFailure } from '../failure.ts';
import { printableOutput } from '../output/terminal.ts';
import { parseWhole } from '../output/units.ts';
import type { Session } from '../session.ts';
import { addNamespace, type WorkNoun } from './commands.ts';
import { printFold } from './fold-printer.ts';
import { createLogPrinter } from './log-printer.ts';
import { workPath } from './paths.ts';
import type { Fold, LogEntry } from './rows.ts';

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

const logOfNode = async (
  connection: Connection,
  session: Session,
  path: string,
  options: LogOptions,
): Promise<void> => {
  if (options.stream !== undefined && options.stream !== 'stdout' && options.stream !== 'stderr')
    throw usageFailure(`cannot use --stream ${options.stream}: choose stdout or stderr`);
  const response = await connection.open({
    path: `${path}/log`,
    timeoutMs: 0,
    accept: '*/*',
    query: {
      node: options.node,
      stream: options.stream,
      offset: options.offset === undefined ? undefined : parseWhole(options.offset, '--offset'),
      follow: options.follow === true ? 1 : undefined,
    },
  });
  const safe = session.out.isTerminal && options.raw !== true;
  for await (const chunk of response) {
    const data = chunk as Buffer;
    session.out.write(safe ? printableOutput(data) : data);
  }
};

const logOfAll = async (
  connection: Connection,
  session: Session,
  path: string,
  options: LogOptions,
): Promise<void> => {
  let cursor = 0;
  const printer = createLogPrinter(session.out, session.err, {
    raw: options.raw === true,
    prefix: options.raw !== true,
  });
  const entries = resumeLines<LogEntry>({
    open: () =>
      connection.lines<LogEntry>({
        path: `${path}/log`,
        query: { cursor, follow: options.follow === true ? 1 : undefined },
      }),
    isOver: () => true,
    onCut: () => undefined,
    signal: new AbortController().signal,
  });
  for await (const entry of entries) {
    if (entry.cursor <= cursor) continue;
    cursor = entry.cursor;
    if (options.output === 'json') session.out.write(`${JSON.stringify(entry)}\n`);
    else if (options.stream === undefined || options.stream === entry.stream) printer.print(entry);
  }
  printer.finish();
};

const log = async (
  name: string,
  options: LogOptions,
  command: Command,
  session: Session,
  { plural }: WorkNoun,
): Promise<void> => {
  const connection = session.connect(command);
  const path = workPath(plural, options.namespace, name);
  if (options.fold === true) printFold(session.out, await connection.json<Fold>({ path: `${path}/fold` }));
  else if (options.node !== undefined) await logOfNode(connection, session, path, options);
  else await logOfAll(connection, session, path, options);
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
