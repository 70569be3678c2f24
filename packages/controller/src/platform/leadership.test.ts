import { expect, test } from 'vitest';
import { leadAlone, OwnLeadership } from './leadership.ts';
import { silentLog } from './log.ts';

const recorder = () => {
  const told: string[] = [];
  const start = (name: string) => () => {
    told.push(`begin ${name}`);
    return { close: () => void told.push(`end ${name}`) };
  };
  return { told, start };
};

test('who is alone leads at once: what is to run alone runs when it was named', async () => {
  const { told, start } = recorder();
  const leadership = leadAlone(silentLog);
  await leadership.during(start('a'));
  expect([leadership.isLeading, told]).toEqual([true, ['begin a']]);
  await leadership.close();
  expect(told).toEqual(['begin a', 'end a']);
});

test('what runs alone begins in order with the lead, ends with it newest first, and begins again with the next', async () => {
  const { told, start } = recorder();
  const leadership = new OwnLeadership(silentLog);
  for (const name of ['a', 'b']) await leadership.during(start(name));
  expect(told).toEqual([]);

  leadership.begin();
  await leadership.during(start('c'));
  await leadership.end();
  leadership.begin();
  await leadership.during(start('d'));

  const term = ['begin a', 'begin b', 'begin c'];
  expect(told).toEqual([...term, 'end c', 'end b', 'end a', ...term, 'begin d']);
  await leadership.close();
});

test('what takes long to begin is ended all the same when the lead is lost meanwhile, before it begins again', async () => {
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const leadership = new OwnLeadership(silentLog);
  leadership.begin();
  const started = leadership.during(async () => {
    told.push('begin');
    await gate.promise;
    return { close: () => void told.push('end') };
  });
  await Promise.resolve();

  const ended = leadership.end();
  leadership.begin();
  expect(leadership.isLeading).toBe(true);
  gate.resolve();
  await Promise.all([started, ended]);
  await leadership.during(() => ({ close: () => undefined }));

  expect(told).toEqual(['begin', 'end', 'begin']);
  await leadership.close();
  expect(told).toEqual(['begin', 'end', 'begin', 'end']);
});

test('of several, when the lead is lost and regained while one of them begins, each runs once afterwards', async () => {
  const { told, start } = recorder();
  const gate = Promise.withResolvers<void>();
  const leadership = new OwnLeadership(silentLog);
  await leadership.during(start('a'));
  const slow = start('b');
  await leadership.during(async () => {
    await gate.promise;
    return slow();
  });
  await leadership.during(start('c'));
  leadership.begin();
  await expect.poll(() => told).toEqual(['begin a']);

  const ended = leadership.end();
  leadership.begin();
  gate.resolve();
  await ended;
  await leadership.during(start('d'));

  const term = ['begin a', 'begin b', 'begin c', 'begin d'];
  expect(told).toEqual(['begin a', 'end a', 'begin b', 'end b', ...term]);
  await leadership.close();
  expect(told.slice(-4)).toEqual(['end d', 'end c', 'end b', 'end a']);
});

test('who may not be sure to lead any more does not say so, and begins nothing', async () => {
  const { told, start } = recorder();
  let holds = true;
  const leadership = new OwnLeadership(silentLog, () => holds);
  leadership.begin();
  holds = false;
  await leadership.during(start('a'));
  expect([leadership.isLeading, told]).toEqual([false, []]);
  await leadership.close();
});
