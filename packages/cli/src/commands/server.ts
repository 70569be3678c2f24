// drover server: the controller itself.
import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { defineDrain } from './server-drain.ts';

export const define = (command: Command, session: Session): void => {
  defineDrain(command, session);
};
