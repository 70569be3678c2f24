// Owns how the rows of the audit trail are chosen on the command line.
import type { AuditFilter } from '@drover/api';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { parseSeconds } from '../output/units.ts';
import { nowMs } from '../platform/clock.ts';

export interface FilterOptions {
  readonly user?: string;
  readonly verb?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly node?: string;
  readonly since?: string;
  readonly until?: string;
  readonly denied?: boolean;
}

export const addFilterOptions = (command: Command): Command =>
  command
    .option('--user <name>', 'what this user did, also as somebody else')
    .option('--verb <verb>', 'create, update, patch, delete, sign-in, start ...')
    .option('--resource <resource>', "e.g. 'nodes', 'commandruns', 'nodes/shell'")
    .option('--namespace <name>', 'in this namespace')
    .option('--name <name>', 'on the object of this name')
    .option('--node <name>', 'on this node: its object, its shells, runs and transfers that began on it')
    .option('--since <time>', "not before: '1h' ago, or an RFC 3339 time")
    .option('--until <time>', 'before: the same')
    .option('--denied', 'only what was refused to who asked');

const toTime = (text: string, option: string): string => {
  if (!/^\d{4}-/.test(text)) return new Date(nowMs() - parseSeconds(text, option) * 1_000).toISOString();
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw usageFailure(`cannot use ${option} ${text}: not an RFC 3339 time`);
  return new Date(ms).toISOString();
};

const words = ['user', 'verb', 'resource', 'namespace', 'name', 'node'] as const;

export const toFilter = (options: FilterOptions): AuditFilter => ({
  ...Object.fromEntries(words.map((word) => [word, options[word]]).filter(([, text]) => text !== undefined)),
  ...(options.since === undefined ? {} : { since: toTime(options.since, '--since') }),
  ...(options.until === undefined ? {} : { until: toTime(options.until, '--until') }),
  ...(options.denied === true ? { denied: true } : {}),
});
