// drover node: one server or a few.
import type { Define } from '../session.ts';
import { defineAdd } from './node-add.ts';
import { defineQueue } from './node-approve.ts';
import { defineFacts } from './node-facts.ts';
import { defineRemove } from './node-remove.ts';

export const define: Define = (command, session) => {
  defineAdd(command, session);
  defineQueue(command, session);
  defineFacts(command, session);
  defineRemove(command, session);
};
