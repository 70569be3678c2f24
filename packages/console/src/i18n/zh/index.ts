import type { en } from '../en/index.ts';
import type { Texts } from '../texts.ts';
import { access } from './access.ts';
import { account } from './account.ts';
import { audit } from './audit.ts';
import { events } from './events.ts';
import { kinds } from './kinds.ts';
import { nodes } from './nodes.ts';
import { overview } from './overview.ts';
import { runs } from './runs.ts';
import { schedules } from './schedules.ts';
import { search } from './search.ts';
import { settings } from './settings.ts';
import { shell } from './shell.ts';
import { transfers } from './transfers.ts';
import { ui } from './ui.ts';

export const zh: Texts<typeof en> = {
  account,
  access,
  audit,
  events,
  kinds,
  nodes,
  overview,
  runs,
  schedules,
  search,
  settings,
  shell,
  transfers,
  ui,
};
