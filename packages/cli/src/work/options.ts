// Owns the options that run, push and pull share: whom, how wide, what about nodes that are away.
import type { Targets } from '@drover/api';
import { parseNodeSet } from '@drover/api/node-set';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { parseIntOrPercent, parseSeconds, parseWhole } from '../output/units.ts';
import { addSigningOptions } from '../signing/options.ts';
import { toLabelSelector } from './label-selector.ts';
import type { SendOptions } from './send.ts';

export interface WorkOptions extends SendOptions {
  readonly nodes?: string;
  readonly selector?: string;
  readonly width?: string;
  readonly batches?: string;
  readonly pause?: string;
  readonly gate?: string;
  readonly maxFailures?: string;
  readonly offline?: string;
  readonly expire?: string;
  readonly timeout?: string;
  readonly name?: string;
  readonly detach?: boolean;
  readonly output?: string;
}

export const addWorkOptions = (command: Command): Command =>
  addSigningOptions(addPlainOptions(command)).option(
    '--sign-to <file>',
    'write what is signed there, for others to sign it too (drover key sign), instead of sending it',
  );

const addPlainOptions = (command: Command): Command =>
  command
    .option(
      '-n, --nodes <set>',
      "the nodes: names and ranges 'web[1-20]', groups '@db', '*', union ',', minus '!', both '&'",
    )
    .option('-l, --selector <labels>', "nodes with these labels, e.g. 'rack=a,env in (test,prod)'")
    .option('--width <count>', 'at most this many nodes at work at a time (0: no limit)')
    .option('--batches <sizes>', "sizes of successive batches, e.g. '1,5%,100%'; the last repeats")
    .option('--pause <time>', 'pause between batches, e.g. 10s')
    .option('--gate <when>', 'wait for approval: automatic, after-first or every-batch')
    .option('--max-failures <count>', 'start nothing further once more nodes than this (3 or 10%) failed')
    .option('--offline <policy>', 'nodes that are not connected: queue or skip')
    .option('--expire <time>', 'give up on nodes that could not start within this time, e.g. 1h')
    .option('--timeout <time>', 'kill what runs longer than this on a node, e.g. 30s')
    .option('--namespace <name>', 'namespace of the object', 'default')
    .option('--name <name>', 'name of the object; absent: made up')
    .option('--detach', 'return at once and print the name')
    .option('-q, --quiet', 'no progress and no closing report')
    .option('-o, --output <form>', 'json, yaml or name instead of text');

const gates: Readonly<Record<string, string>> = {
  automatic: 'Automatic',
  'after-first': 'AfterFirst',
  'every-batch': 'EveryBatch',
};
const policies: Readonly<Record<string, string>> = { queue: 'Queue', skip: 'Skip' };

const choose = (table: Readonly<Record<string, string>>, text: string, what: string): string => {
  const found = table[text.toLowerCase()];
  if (found !== undefined) return found;
  throw usageFailure(`cannot use ${what} ${text}: choose from ${Object.keys(table).join(', ')}`);
};

const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: V });

/** As the controller would refuse it, before anything is sent. */
const nodeSetOf = (text: string): string => {
  try {
    parseNodeSet(text);
  } catch (error) {
    throw usageFailure(error instanceof Error ? error.message : String(error));
  }
  return text;
};

const batchOf = (text: string): number | string => {
  const size = parseIntOrPercent(text, '--batches');
  if (size === 0 || size === '0%')
    throw usageFailure(`cannot use --batches ${text}: a batch has at least one node`);
  return size;
};

const strategyOf = (options: WorkOptions) => ({
  ...given('width', options.width === undefined ? undefined : parseWhole(options.width, '--width')),
  ...given(
    'batches',
    options.batches?.split(',').map((size) => batchOf(size.trim())),
  ),
  ...given('pauseSeconds', options.pause === undefined ? undefined : parseSeconds(options.pause, '--pause')),
  ...given('gate', options.gate === undefined ? undefined : choose(gates, options.gate, '--gate')),
  ...given(
    'maxFailures',
    options.maxFailures === undefined ? undefined : parseIntOrPercent(options.maxFailures, '--max-failures'),
  ),
});

const offlineOf = (options: WorkOptions) => ({
  ...given(
    'policy',
    options.offline === undefined ? undefined : choose(policies, options.offline, '--offline'),
  ),
  ...given(
    'expireSeconds',
    options.expire === undefined ? undefined : parseSeconds(options.expire, '--expire'),
  ),
});

/** The nodes that are chosen; undefined: none are. */
export const toTargets = ({ nodes, selector }: WorkOptions): Targets | undefined =>
  nodes === undefined && selector === undefined
    ? undefined
    : {
        ...given('nodeSet', nodes === undefined ? undefined : nodeSetOf(nodes)),
        ...given('labelSelector', selector === undefined ? undefined : toLabelSelector(selector)),
      };

/** How the nodes are gone through; what is absent is left to the server's defaults. */
export const toPace = (options: WorkOptions) => ({
  strategy: strategyOf(options),
  offline: offlineOf(options),
  ...given(
    'timeoutSeconds',
    options.timeout === undefined ? undefined : parseSeconds(options.timeout, '--timeout'),
  ),
});

/** The part of the spec that these options make. */
export const toWorkSpec = (options: WorkOptions): Record<string, unknown> => {
  const targets = toTargets(options);
  if (targets === undefined)
    throw usageFailure(
      'cannot choose nodes: neither -n nor -l is given',
      "every node: -n '*'; by name: -n 'web[1-20]'; by label: -l rack=a",
    );
  return { targets, ...toPace(options) };
};

/** metadata of a new run or transfer. */
export const toWorkMetadata = (options: WorkOptions, prefix: string): Record<string, string> => ({
  namespace: options.namespace,
  ...(options.name === undefined ? { generateName: `${prefix}-` } : { name: options.name }),
});
