// drover shell: a terminal on a node, through the controller; recorded there.
import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { attachTerminal } from '../terminal/attach.ts';

interface ShellOptions {
  readonly user?: string;
}

const shell = async (
  node: string,
  argv: readonly string[],
  options: ShellOptions,
  command: Command,
  session: Session,
): Promise<void> => {
  const client = session.connect(command);
  const terminal = await client.shell(node, {
    columns: process.stdout.columns || 80,
    rows: process.stdout.rows || 24,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(argv.length === 0 ? {} : { argv }),
  });
  session.setExitCode(await attachTerminal(session, terminal));
};

export const define = (command: Command, session: Session): void => {
  command
    .usage('[options] <node> [-- command [argument ...]]')
    .argument('<node>', 'name of the node')
    .argument('[command...]', "instead of the user's login shell")
    .option('--user <name>', "as this user of the node; absent: as the agent's user")
    .addHelpText(
      'after',
      '\nThe exit code is that of the shell. "~." at the beginning of a line leaves a terminal that hangs.',
    )
    .action((node: string, argv: string[], options: ShellOptions) =>
      shell(node, argv, options, command, session),
    );
};
