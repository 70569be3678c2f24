// Owns the list of commands and how a command line finds its file.
// I1: a command's file is imported only when that command is called (or documented): starting stays fast.
import { Command, CommanderError, Option } from 'commander';
import { exitCodes, toOutcome, usageFailure } from './failure.ts';
import type { Define, Session } from './session.ts';

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
  /** Not shown in the help. */
  readonly hidden?: boolean;
}

const entries: Readonly<Record<string, Entry>> = {
  login: { summary: 'Sign in to a controller and remember it', load: () => import('./commands/login.ts') },
  context: {
    summary: 'List, choose and show remembered controllers',
    load: () => import('./commands/context.ts'),
  },
  nodes: { summary: 'List the servers of the fleet', load: () => import('./commands/nodes.ts') },
  node: { summary: 'Add, approve, inspect and remove servers', load: () => import('./commands/node.ts') },
  token: { summary: 'Make, list and revoke join tokens', load: () => import('./commands/token.ts') },
  user: {
    summary: 'Make and remove people, and set how they sign in',
    load: () => import('./commands/user.ts'),
  },
  group: { summary: 'Gather people into groups', load: () => import('./commands/group.ts') },
  session: { summary: 'List and end your own sessions', load: () => import('./commands/session.ts') },
  'api-token': {
    summary: 'Make, list and revoke API tokens of your own',
    load: () => import('./commands/api-token.ts'),
  },
  certificate: {
    summary: 'Make, list and revoke client certificates of your own',
    load: () => import('./commands/certificate.ts'),
  },
  'second-factor': {
    summary: 'Enrol an app whose codes are asked for when you sign in',
    load: () => import('./commands/second-factor.ts'),
  },
  run: { summary: 'Run a command on many nodes', load: () => import('./commands/run.ts') },
  runs: {
    summary: 'List, show, cancel, retry, approve and reject runs',
    load: () => import('./commands/runs.ts'),
  },
  schedules: {
    summary: 'List, suspend, resume and delete schedules, and run one now',
    load: () => import('./commands/schedules.ts'),
  },
  push: { summary: 'Copy files and directory trees to many nodes', load: () => import('./commands/push.ts') },
  pull: {
    summary: 'Copy files and directory trees from many nodes',
    load: () => import('./commands/pull.ts'),
  },
  transfers: {
    summary: 'List, show, cancel, retry, approve and reject transfers',
    load: () => import('./commands/transfers.ts'),
  },
  shell: { summary: 'Open a terminal on a node', load: () => import('./commands/shell.ts') },
  recordings: {
    summary: 'List and replay recorded terminals',
    load: () => import('./commands/recordings.ts'),
  },
  audit: {
    summary: 'Show, check and export who did what',
    load: () => import('./commands/audit.ts'),
  },
  key: {
    summary: 'Make and show the key by which you sign what you ask of nodes',
    load: () => import('./commands/key.ts'),
  },
  get: { summary: 'Show objects of any kind', load: () => import('./commands/get.ts') },
  describe: {
    summary: 'Show an object and its events for reading',
    load: () => import('./commands/describe.ts'),
  },
  apply: { summary: 'Create or change objects from files', load: () => import('./commands/apply.ts') },
  patch: { summary: 'Change fields of an object', load: () => import('./commands/patch.ts') },
  delete: { summary: 'Delete objects', load: () => import('./commands/delete.ts') },
  events: { summary: 'Show what happened lately', load: () => import('./commands/events.ts') },
  backup: {
    summary: 'Back up the controller, and check a backup',
    load: () => import('./commands/backup.ts'),
  },
  restore: {
    summary: 'Make a new data directory, or database, from a backup',
    load: () => import('./commands/restore.ts'),
  },
  server: {
    summary: 'Show how the controller is, find out what is wrong with it, and stop it in order',
    load: () => import('./commands/server.ts'),
  },
  store: {
    summary: 'Move what a stopped controller keeps to PostgreSQL, or back',
    load: () => import('./commands/store.ts'),
  },
  'support-bundle': {
    summary: 'Write what helps to find a fault of the controller, and no secret, into one archive',
    load: () => import('./commands/support-bundle.ts'),
  },
  secrets: {
    summary: 'Show and change the keys under which secrets are kept',
    load: () => import('./commands/secrets.ts'),
  },
  agent: { summary: 'Update agents', load: () => import('./commands/agent.ts') },
  lab: {
    summary: 'Make Linux hosts on this machine to try Drover on',
    load: () => import('./commands/lab.ts'),
  },
  completion: {
    summary: 'Print the completion script of a shell',
    load: () => import('./commands/completion.ts'),
  },
  version: {
    summary: 'Print the versions of command line and controller',
    load: () => import('./commands/version.ts'),
  },
};

const takesValue = new Set(['--context', '--context-file']);

/** The name of the command in argv, behind global options; undefined when there is none. */
const commandName = (argv: readonly string[]): string | undefined => {
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (takesValue.has(word)) at += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
};

/** Options that every command takes. */
const addCommonOptions = (command: Command): void => {
  if (command.commands.length > 0) {
    for (const child of command.commands) addCommonOptions(child);
    return;
  }
  command.addOption(new Option('--context <name>', 'use this remembered controller'));
  command.addOption(new Option('--context-file <file>', 'use the controller that this file describes'));
};

const settings = (command: Command, session: Session): Command =>
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.out.write(text),
      writeErr: (text) => session.err.write(text),
      outputError: () => undefined,
    })
    .showSuggestionAfterError(true);

const settle = (command: Command, session: Session): void => {
  settings(command, session);
  for (const child of command.commands) settle(child, session);
};

const createProgram = (session: Session): Command => {
  const program = new Command('drover')
    .description('Drover: one inventory, one permission model and one API for all your servers.')
    .usage('[options] <command> ...')
    .enablePositionalOptions()
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText(
      'after',
      '\nExit codes: 0 all ok, 1 something failed, 2 wrong usage, 3 controller not reachable.',
    );
  addCommonOptions(program);
  return settings(program, session);
};

const addCommand = async (
  program: Command,
  name: string,
  session: Session,
  whole: boolean,
): Promise<void> => {
  const entry = entries[name];
  if (entry === undefined) return;
  const command = program.command(name, { hidden: entry.hidden ?? false }).description(entry.summary);
  if (!whole) return;
  const { define } = await entry.load();
  define(command, session);
  addCommonOptions(command);
  settle(command, session);
};

/** The program with the named command whole and the others by name only; 'all': every one whole. */
export const buildProgram = async (
  session: Session,
  wanted: string | undefined | 'all',
): Promise<Command> => {
  const program = createProgram(session);
  for (const name of Object.keys(entries))
    await addCommand(program, name, session, wanted === 'all' || wanted === name);
  return program;
};

const wantedName = (argv: readonly string[]): string | undefined => {
  const name = commandName(argv);
  return name === 'help' ? commandName(argv.slice(argv.indexOf('help') + 1)) : name;
};

const usageWords = (error: CommanderError): string =>
  error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)/s, '; did you mean $1?');

const report = (session: Session, error: unknown): void => {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return;
    if (error.code === 'commander.help') session.setExitCode(exitCodes.usage);
    else
      report(
        session,
        usageFailure(`cannot understand the command: ${usageWords(error)}`, "see 'drover help'"),
      );
    return;
  }
  const { lines, exitCode } = toOutcome(error);
  session.err.write(`${session.err.paint('red', 'drover:')} ${lines.join('\n')}\n`);
  session.setExitCode(exitCode);
};

/** Runs one command line and resolves when it is over; what went wrong is printed and in the exit code. */
export const runProgram = async (words: readonly string[], session: Session): Promise<void> => {
  const argv = words[0] === '--version' ? ['version', '--client'] : words;
  try {
    const name = wantedName(argv);
    if (name !== undefined && !(name in entries)) {
      const near = Object.keys(entries).filter((known) => known[0] === name[0]);
      throw usageFailure(
        `cannot find command ${name}: unknown`,
        near.length === 0 ? "see 'drover help'" : `known: ${near.join(', ')}; see 'drover help'`,
      );
    }
    const program = await buildProgram(session, name);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    report(session, error);
  } finally {
    session.close();
  }
};
