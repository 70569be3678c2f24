import type { en } from '../en/index.ts';
import type { Texts } from '../texts.ts';
import { events } from './events.ts';
import { nodes } from './nodes.ts';
import { overview } from './overview.ts';
import { shell } from './shell.ts';
import { ui } from './ui.ts';

export const zh: Texts<typeof en> = { shell, ui, overview, nodes, events };
