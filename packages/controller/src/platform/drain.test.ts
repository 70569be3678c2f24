import { expect, test } from 'vitest';
import { systemClock as clock } from './clock.ts';
import { Drain, type DrainPart } from './drain.ts';
import { silentLog as log } from './log.ts';

const open = (times: { delayMs: number; timeoutMs: number }, parts: readonly DrainPart[]): Drain => {
  const drain = new Drain({ ...times, clock, log });
  for (const part of parts) drain.add(part);
  return drain;
};

const nobody = { left: () => ({}) };
/** Somebody who never goes. */
const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
  });

test('says first that it is leaving, then lets go of one part after the other, once', async () => {
  const seen: string[] = [];
  const part = (name: string): DrainPart => ({
    drain: async () => void seen.push(`${name} ${drain.state}`),
    left: () => ({ [name]: 1 }),
  });
  const drain: Drain = open({ delayMs: 20, timeoutMs: 1_000 }, [part('first'), part('second')]);
  expect(drain.status()).toEqual({
    state: 'serving',
    delaySeconds: 0.02,
    timeoutSeconds: 1,
    left: { first: 1, second: 1 },
  });

  const over = Promise.all([drain.begin('asked'), drain.begin('asked again')]);
  expect([drain.state, seen]).toEqual(['leaving', []]);
  await over;

  expect(seen).toEqual(['first draining', 'second draining']);
  expect(drain.status()).toMatchObject({ state: 'draining', since: expect.stringMatching(/Z$/) });
});

test('somebody who never goes, and a part that fails, do not keep it from its end', async () => {
  const seen: string[] = [];
  const failing = { ...nobody, drain: () => Promise.reject(new Error('no')) };
  const last = { ...nobody, drain: async () => void seen.push('last') };
  await open({ delayMs: 0, timeoutMs: 10 }, [failing, { ...nobody, drain: until }, last]).begin('asked');
  expect(seen).toEqual(['last']);
});

test('who does not want to wait ends both the leaving and the draining', async () => {
  const drain = open({ delayMs: 60_000, timeoutMs: 60_000 }, [{ ...nobody, drain: until }]);
  const over = drain.begin('asked');
  drain.hurry();
  await over;
  expect(drain.state).toBe('draining');
});
