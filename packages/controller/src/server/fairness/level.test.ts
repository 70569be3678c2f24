import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Cost, Level, type LevelSettings, type Ticket } from './level.ts';

const settings: LevelSettings = {
  seats: 4,
  seatsPerFlow: 3,
  waiting: 1_000,
  waitingPerFlow: 500,
  maxWaitMs: 60_000,
  staysPerFlow: 2,
};
const never = new AbortController().signal;
const one = { seats: 1, work: 1 };

/** After it, whoever has been given a seat knows. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A level with a notebook: who was seated, in order, with their tickets. */
const open = (changes: Partial<LevelSettings> = {}) => {
  const level = new Level({ ...settings, ...changes });
  const seated: { readonly flow: string; readonly work: number; readonly ticket: Ticket }[] = [];
  const enter = async (flow: string, cost: Cost, gone: AbortSignal): Promise<void> => {
    const ticket = await level.enter(flow, cost, () => gone);
    seated.push({ flow, work: cost.work, ticket });
  };
  const ask = (flow: string, cost = one, gone = never): Promise<void> => {
    const asked = enter(flow, cost, gone);
    // Who still waits when the test has seen enough is refused in the end: nobody is there to hear it.
    asked.catch(() => undefined);
    return asked;
  };
  /** Ends what has been seated longest, until nothing is left; gives the order of seating. */
  const drain = async (): Promise<readonly string[]> => {
    await nextTurn();
    for (let at = 0; at < seated.length; at++) {
      seated[at]?.ticket.leave();
      await nextTurn();
    }
    return seated.map(({ flow }) => flow);
  };
  return { level, seated, ask, drain };
};

it('seats at once, without a promise, as long as there is room', () => {
  const { level } = open();
  expect(level.enter('a', one, () => never)).not.toBeInstanceOf(Promise);
  expect(level.counts()).toEqual({ executing: 1, seats: 1, queued: 0, longRunning: 0, flows: 1 });
});

it('keeps the last seats from one flow, so that who comes new is served beside a flood', async () => {
  const { level, seated, ask } = open();
  for (let n = 0; n < 200; n++) void ask('greedy');
  await ask('modest');
  expect(seated.filter(({ flow }) => flow === 'greedy')).toHaveLength(3);
  expect(level.counts()).toMatchObject({ executing: 4, queued: 197 });
});

it('gives one who waits behind floods its turn after one unit of work of each, however much they sent', async () => {
  const { ask, drain } = open();
  const floods = ['a', 'b', 'c'];
  for (const flow of floods) for (let n = 0; n < 300; n++) void ask(flow);
  void ask('modest');
  const order = await drain();
  expect(order).toHaveLength(901);
  // Those that sat already, one more of each flood at most, then the modest one.
  expect(order.indexOf('modest')).toBeLessThanOrEqual(4 + floods.length);
});

it('compares flows by work, not by requests: lists of a hundred units leave room for a hundred gets', async () => {
  const { seated, ask, drain } = open({ seats: 1, seatsPerFlow: 1 });
  for (let n = 0; n < 20; n++) void ask('lists', { seats: 1, work: 100 });
  for (let n = 0; n < 400; n++) void ask('gets');
  await drain();
  const given = { lists: 0, gets: 0 };
  for (const { flow, work } of seated.slice(0, 300)) given[flow === 'lists' ? 'lists' : 'gets'] += work;
  expect(Math.abs(given.lists - given.gets)).toBeLessThanOrEqual(200);
});

it('holds what is wide until there is room for it, and lets nothing narrow pass', async () => {
  const { seated, ask } = open({ seatsPerFlow: 4 });
  for (let n = 0; n < 4; n++) await ask('a');
  void ask('b', { seats: 16, work: 16 });
  void ask('c');
  for (const { ticket } of seated.slice(0, 3)) ticket.leave();
  await nextTurn();
  expect(seated).toHaveLength(4);
  seated[3]?.ticket.leave();
  await nextTurn();
  expect(seated.map(({ flow }) => flow)).toEqual(['a', 'a', 'a', 'a', 'b']);
});

it('refuses with 429 and a time to come again when a queue is full, for that flow alone', async () => {
  const { level, ask } = open({ waitingPerFlow: 2 });
  for (let n = 0; n < 5; n++) void ask('greedy');
  await expect(ask('greedy')).rejects.toMatchObject({ code: 429, details: { retryAfterSeconds: 1 } });
  await ask('modest');
  expect(level.rejected).toEqual({ 'queue-full': 1, 'time-out': 0, 'long-running': 0 });
});

it('refuses who has waited too long, and forgets who has gone', async () => {
  const { level, ask } = open({ maxWaitMs: 1 });
  for (let n = 0; n < 3; n++) await ask('a');
  await expect(ask('a')).rejects.toMatchObject({ code: 429 });
  const gone = new AbortController();
  const waiting = ask('a', one, gone.signal);
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(level.counts().queued).toBe(0);
});

it('counts what goes on apart: it holds no seat, and is bounded by flow', async () => {
  const { level, seated, ask } = open();
  for (let n = 0; n < 3; n++) await ask('a');
  seated[0]?.ticket.stay();
  level.open('a');
  expect(level.counts()).toMatchObject({ executing: 2, longRunning: 2 });
  expect(() => seated[1]?.ticket.stay()).toThrow('too many of your watches');
  for (const { ticket } of seated) ticket.leave();
  expect(level.counts()).toMatchObject({ executing: 0, longRunning: 1, flows: 1 });
});

it('whatever comes: never more seats than there are, everybody is served, nothing is left', async () => {
  const request = fc.record({
    flow: fc.constantFrom('a', 'b', 'c', 'd'),
    seats: fc.integer({ min: 1, max: 6 }),
    work: fc.integer({ min: 1, max: 50 }),
    end: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 60 }), async (requests) => {
      const { level, seated, ask, drain } = open();
      let at = 0;
      for (const { flow, end, ...cost } of requests) {
        void ask(flow, cost);
        await nextTurn();
        if (end) seated[at++]?.ticket.leave();
        expect(level.counts().seats).toBeLessThanOrEqual(settings.seats);
      }
      expect(await drain()).toHaveLength(requests.length);
      expect(level.counts()).toEqual({ executing: 0, seats: 0, queued: 0, longRunning: 0, flows: 0 });
    }),
  );
});
