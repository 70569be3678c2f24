// Nothing is lost by kill -9, power cuts and partitions: the small form of `npm run bench -- faults`.
import { afterAll, expect, test } from 'vitest';
import { missingForLab } from '../../lab/index.ts';
import { runUnderFaults, smallFaults } from './under-faults.ts';

const undos: (() => Promise<void> | void)[] = [];
const defer = (undo: () => Promise<void> | void): void => void undos.push(undo);
const say = (text: string): void => void process.stdout.write(`faults: ${text}\n`);
afterAll(async () => {
  for (const undo of undos.reverse()) await undo();
});

/** Without lab hosts processes are killed all the same; that no power is cut is said, and fails in CI. */
const missing = await missingForLab();
const isSkipped = missing !== undefined && process.env['CI'] !== 'true';
if (missing !== undefined) say(`no power is cut, and no network: ${missing}`);

test.skipIf(isSkipped)('there are hosts of which power and network can be cut', () => {
  expect(missing).toBeUndefined();
});

test('kills of controller, agents and servers lose no result, repeat no command and undo no write', async () => {
  const { signal } = new AbortController();
  const { verdict, killed, ...faulted } = await runUnderFaults({ signal, defer, say }, smallFaults);

  expect(faulted.missing).toBe(missing);
  expect(killed.controller + killed.agents).toBe(smallFaults.kills);
  expect(verdict.runs).toBeGreaterThan(0);
  expect(verdict.tasks).toBe(verdict.expectedTasks);
  expect(verdict).toMatchObject({ lost: [], duplicated: [], unknown: [], writesMissing: [] });
  expect(verdict.succeeded + verdict.neverStarted + verdict.endedByPower).toBe(verdict.tasks);
}, 300_000);
