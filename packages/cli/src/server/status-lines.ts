// Owns how the status of the controller is shown to people. Pure.

import type { ServerStatus } from '@drover/api';
import { toSize } from '@drover/api/size';
import { toElapsed } from '../output/units.ts';

type Line = readonly [label: string, text: string];

const backupsOf = ({ backups }: ServerStatus): string => {
  const { byClock, lastAt, ageSeconds = 0, lastFailure } = backups;
  if (!byClock) return 'none by the clock';
  const last = lastAt === undefined ? 'none yet' : `last ${lastAt}, ${toElapsed(ageSeconds)} ago`;
  return lastFailure === undefined ? last : `${last}; failed ${lastFailure.at}: ${lastFailure.message}`;
};

const requestsOf = ({ requests }: ServerStatus): string =>
  Object.entries(requests)
    .map(([level, { queued, executing }]) => `${level} ${executing} under way, ${queued} waiting`)
    .join('; ');

const clocksOf = ({ nodes: { clockSkew } }: ServerStatus): string => {
  if (clockSkew.length === 0) return 'all within a second of ours';
  const shown = clockSkew.slice(0, 5).map(({ node, milliseconds }) => {
    const seconds = (milliseconds / 1_000).toFixed(1);
    return `${node} ${milliseconds > 0 ? '+' : ''}${seconds} s`;
  });
  return `${shown.join(', ')}${clockSkew.length > shown.length ? ', ...' : ''}`;
};

const keptOf = ({ store: { kept, bounds } }: ServerStatus): readonly Line[] => {
  const limits: Readonly<Record<string, string>> = {
    commandruns: `${bounds.work.keepDays} days`,
    filetransfers: `${bounds.work.keepDays} days`,
    events: `${bounds.events.keepHours} h`,
    revisions: `${bounds.revisions.keepMinutes} min, at most ${bounds.revisions.keepCount}`,
    audit: `${bounds.audit.keepDays} days${bounds.audit.keepRows > 0 ? `, at most ${bounds.audit.keepRows}` : ''}`,
    recordings: `${bounds.recordings.keepDays} days, at most ${bounds.recordings.keepMebibytes} MiB`,
    content: `${bounds.content.keepHours} h after nobody names it`,
  };
  return kept.map(({ name, count, bytes, isEstimate = false }) => {
    const size = bytes === undefined ? '' : `, ${toSize(bytes)}`;
    const bound = limits[name] === undefined ? '' : ` (kept ${limits[name]})`;
    return [`  ${name}`, `${isEstimate ? 'about ' : ''}${count}${size}${bound}`];
  });
};

const diskOf = ({ disk }: ServerStatus): string => {
  const room = `${toSize(disk.freeBytes)} of ${toSize(disk.totalBytes)} free`;
  const state = disk.state === 'ok' ? '' : `${disk.state.toUpperCase()} since ${disk.since ?? ''}; `;
  return `${state}${room}, ${toSize(disk.reserveBytes)} in reserve (${disk.directory})`;
};

const controllersOf = ({ controllers = [] }: ServerStatus): readonly Line[] =>
  controllers.map(({ address, version, leads }) => [
    'controller',
    `${version ?? 'of an unknown version'}, ${address}${leads ? ', leads' : ''}`,
  ]);

export const toStatusLines = (status: ServerStatus): readonly string[] => {
  const { nodes, memory, eventLoop, encryption, audit, certificates } = status;
  const lines: readonly Line[] = [
    ['version', status.version],
    ...controllersOf(status),
    ['up', `${toElapsed(status.uptimeSeconds)}, since ${status.startedAt}`],
    ['store', `${status.store.kind}, database ${toSize(status.store.databaseBytes)}`],
    ...keptOf(status),
    ['disk', diskOf(status)],
    ['nodes', `${nodes.connected} of ${nodes.known} connected`],
    ['clocks', clocksOf(status)],
    ['work', `${status.activeWork} runs and transfers under way`],
    ['requests', requestsOf(status)],
    [
      'event loop',
      `p99 ${eventLoop.p99DelayMs.toFixed(1)} ms, longest ${eventLoop.maxDelayMs.toFixed(1)} ms`,
    ],
    ['memory', `${toSize(memory.residentBytes)}; machine ${toSize(memory.machineFreeBytes)} free`],
    ['backups', backupsOf(status)],
    ...certificates.map(({ of, notAfter }): Line => [`certificate`, `${of} until ${notAfter}`]),
    [
      'encryption',
      `under ${encryption.key}, data keys: ${encryption.dataKeys}${encryption.rotating ? ', being changed' : ''}`,
    ],
    ['audit', `row ${audit.rows}, head ${audit.head}`],
  ];
  const width = Math.max(...lines.map(([label]) => label.length)) + 2;
  return lines.map(([label, text]) => `${label.padEnd(width)}${text}`);
};
