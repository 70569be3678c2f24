// Owns faults of whole servers: lab hosts that lose their power or their network at random moments.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, enrollmentTokens, nodes } from '@drover/client';
import { gatewayAddress, Lab } from '../../lab/index.ts';
import type { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';
import { randomBelow } from './killing.ts';

type LabFault = 'power cut' | 'partition';

export interface LabGround {
  readonly lab: Lab;
  readonly client: Client;
  readonly hosts: readonly string[];
}

/** Longest partition: beyond three missed heartbeats the controller itself says that the node is gone. */
const partitionMs = { usual: 6_000, long: 40_000 } as const;
const darkMs = 2_000;
const calmMs = 2_000;

const isReady = async (client: Client, name: string): Promise<boolean> => {
  const node = await client.get(nodes, name);
  return node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
};

/** The line that people paste, dialling this machine by the address that lab hosts know. */
const joinLine = async (client: Client, uses: number): Promise<string> => {
  const token = await client.create(enrollmentTokens, {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'EnrollmentToken',
    metadata: { generateName: 'lab-' },
    spec: { maxUses: uses },
  });
  const line = token.status?.joinCommand ?? '';
  return line.replace('https://127.0.0.1:', `https://${gatewayAddress}:`);
};

/** Boots `count` hosts and joins them. The controller must have the gateway's address in its certificate. */
export const openLabGround = async (
  { controller, client, count }: { controller: ControllerProcess; client: Client; count: number },
  defer: (undo: () => Promise<void>) => void,
): Promise<LabGround> => {
  const lab = await Lab.open();
  defer(() => lab.close());
  await lab.relay(controller.port);
  await lab.relay(controller.agentPort);
  const hosts = Array.from({ length: count }, (_, index) => `lab${index + 1}`);
  const line = await joinLine(client, count);
  await Promise.all(
    hosts.map(async (name) => {
      await lab.up(name);
      const joined = await lab.exec(name, ['sh', '-c', line]);
      if (joined.code !== 0) throw new Error(`cannot join ${name}: ${joined.stderr}`);
      await waitFor(`${name} to be Ready`, () => isReady(client, name));
    }),
  );
  return { lab, client, hosts };
};

const strike = async (lab: Lab, host: string, fault: LabFault, isLong: boolean): Promise<void> => {
  switch (fault) {
    case 'power cut':
      await lab.off(host);
      await delay(randomBelow(darkMs));
      await lab.up(host);
      return;
    case 'partition':
      await lab.cut(host);
      await delay(isLong ? partitionMs.long : randomBelow(partitionMs.usual));
      await lab.heal(host);
      return;
    default:
      return fault satisfies never;
  }
};

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

/**
 * Cuts power and network of the hosts, `each` times each, all hosts at a time; after each fault the node must be
 * Ready again. Every fifth partition outlasts the heartbeats when `withLong`. Resolves to the hosts that were switched off.
 */
export const strikeAtRandom = async (
  { lab, client, hosts }: LabGround,
  { each, withLong }: { readonly each: number; readonly withLong: boolean },
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  const faults = shuffled(
    Array.from({ length: each }, (_, n) => [
      { fault: 'power cut' as const, isLong: false },
      { fault: 'partition' as const, isLong: withLong && n % 5 === 0 },
    ]).flat(),
  );
  const switchedOff = new Set<string>();
  const pot = faults.values();
  const plague = async (host: string): Promise<void> => {
    for (const { fault, isLong } of pot) {
      await delay(randomBelow(calmMs), undefined, { signal });
      if (fault === 'power cut') switchedOff.add(host);
      await strike(lab, host, fault, isLong);
      await waitFor(`${host} to be Ready after a ${fault}`, () => isReady(client, host), 120_000);
    }
  };
  await Promise.all(hosts.map(plague));
  return switchedOff;
};

/** The lines of the hosts' file. */
export const labLines = async ({ lab, hosts }: LabGround, file: string): Promise<readonly string[]> => {
  const texts = await Promise.all(hosts.map((name) => lab.exec(name, ['cat', file])));
  return texts.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
};
