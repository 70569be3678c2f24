// drover transfers: look after pushes and pulls that exist.
import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { defineWorkCommands } from '../work/commands.ts';

export const define = (command: Command, session: Session): void =>
  defineWorkCommands(command, session, { plural: 'filetransfers', noun: 'transfer' });
