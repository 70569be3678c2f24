// drover runs: look after runs that exist.
import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { defineWorkCommands } from '../work/commands.ts';

export const define = (command: Command, session: Session): void =>
  defineWorkCommands(command, session, { plural: 'commandruns', noun: 'run' });
