import { expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { runDepartures } from './departures.ts';

const open = (controllers: () => Promise<readonly string[]>) => {
  const told: string[] = [];
  const departures = runDepartures({
    membership: { gone: (all) => [...all], onChange: () => () => undefined },
    agents: {
      controllers,
      disconnectAll: async (_, controller) => void told.push(controller),
    },
    clock: systemClock,
    log: silentLog,
  });
  return { told, departures };
};

test('agents of a controller that is gone are told disconnected', async () => {
  const { told, departures } = open(async () => ['a', 'b']);
  await expect.poll(() => told).toEqual(['a', 'b']);
  await departures.close();
});

test('who leads no more by the time the database answers tells nobody away', async () => {
  const answer = Promise.withResolvers<readonly string[]>();
  const { told, departures } = open(() => answer.promise);
  const closed = departures.close();
  answer.resolve(['a']);
  await closed;
  expect(told).toEqual([]);
});
