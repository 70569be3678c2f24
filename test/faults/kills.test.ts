// Nothing is lost by kill -9, power cuts and partitions: the small form of `npm run bench -- faults`.
import { afterAll, expect, test } from 'vitest';
import { runUnderFaults, smallFaults } from './under-faults.ts';

const undos: (() => Promise<void> | void)[] = [];
const defer = (undo: () => Promise<void> | void): void => void undos.push(undo);
const say = (text: string): void => void process.stdout.write(`faults: ${text}\n`);
afterAll(async () => {
  for (const undo of undos.reverse()) await undo();
});

test('kills of controller, agents and servers lose no result, repeat no command and undo no write', async () => {
  const { signal } = new AbortController();
  const { verdict, killed } = await runUnderFaults({ signal, defer, say }, smallFaults);

  expect(killed.controller + killed.agents).toBe(smallFaults.kills);
  expect(verdict.runs).toBeGreaterThan(0);
  expect(verdict.tasks).toBe(verdict.expectedTasks);
  expect(verdict).toMatchObject({ lost: [], duplicated: [], unknown: [], writesMissing: [] });
  expect(verdict.succeeded + verdict.neverStarted + verdict.endedByPower).toBe(verdict.tasks);
}, 300_000);
