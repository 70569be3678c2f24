// drover lab: real Linux hosts in namespaces on this machine. The lab itself is in /lab.
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { inInstallation } from '../platform/installation.ts';
import type { Session } from '../session.ts';

interface Lab {
  readonly labCommand: (argv: readonly string[]) => Promise<number>;
}

// A path that is put together at run time: the lab is loaded only by this command.
const labFile = pathToFileURL(inInstallation('lab', 'index.ts')).href;

const lab = async (argv: readonly string[], session: Session): Promise<void> => {
  let loaded: Lab;
  try {
    loaded = (await import(labFile)) as Lab;
  } catch (error) {
    throw new Failure('cannot use the lab: it is not part of this installation', { cause: error });
  }
  session.setExitCode(await loaded.labCommand(argv));
};

export const define = (command: Command, session: Session): void => {
  command
    .usage('up|down|status|exec ...')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .argument('[words...]', 'up 3 --os debian-12, status, exec HOST -- command ..., down')
    .action((words: string[]) => lab(words, session));
};
