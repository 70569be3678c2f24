// Schedules with the real store, resources, sign-in, roles and run policies; agents and the engine have no part in it.
import {
  type CommandRun,
  clusterRoleBindingKind,
  commandRunKind,
  eventKind,
  nodeKind,
  runPolicyKind,
  type Schedule,
  savedCommandKind,
  scheduleKind,
  userKind,
} from '@drover/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAuth } from '../../auth/auth.ts';
import { createLaterStart, type StartLater } from '../../auth/later/start.ts';
import { openRoleKeeper } from '../../auth/rbac/role-keeper.ts';
import { openRunPolicyDesk, type RunPolicyDesk } from '../../auth/run-policy/desk.ts';
import { toTimestamp } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { type Ground, openGround } from '../test-ground.ts';
import { targetedNodes } from '../work/fleet.ts';
import { runScheduleController, type ScheduleController } from './controller.ts';

const log = silentLog;
const deadline = { timeout: 8_000, interval: 10 };
const hourMs = 3_600_000;
let ground: Ground;
let desk: RunPolicyDesk;
let roles: { close(): unknown };
let controller: ScheduleController;
let start: StartLater;
let uids: Readonly<Record<string, string>>;

const open = (via: StartLater = start): void => {
  controller = runScheduleController({ ...ground, log, start: via });
};
/** The controller was away for so long. */
const away = async (ms: number, via?: StartLater): Promise<void> => {
  await controller.close();
  ground.clock.advance(ms);
  open(via);
};
const person = async (name: string): Promise<readonly [string, string]> => {
  const { resources } = ground;
  const { metadata } = await resources.create(userKind, '', { metadata: { name }, spec: {} });
  await resources.create(clusterRoleBindingKind, '', {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'operator' },
    subjects: [{ kind: 'User', name }],
  });
  return [name, metadata.uid ?? ''];
};

beforeEach(async () => {
  ground = await openGround();
  const { resources, clock, store } = ground;
  roles = await openRoleKeeper({ resources, log });
  desk = openRunPolicyDesk({ resources, targetsOf: (t) => targetedNodes(resources, t), clock, log });
  const auth = createAuth({ store, resources, clock });
  start = createLaterStart({ auth, admission: desk.admission, resources, audit: store.audit, clock });
  await resources.create(nodeKind, '', { metadata: { name: 'n1' } });
  uids = Object.fromEntries([await person('alice'), await person('bob')]);
  open();
});
afterEach(async () => {
  await controller.close();
  await desk.close();
  await roles.close();
  await ground.close();
});

const requesterOf = (username: string) => ({
  username,
  uid: uids[username] ?? '',
  time: toTimestamp(ground.clock.nowMs()),
});
const hourly = { schedule: '@hourly', run: { argv: ['date'], targets: { nodeSet: '*' } } };
const create = (name: string, spec: object = hourly) =>
  ground.resources.create(scheduleKind, 'default', {
    metadata: { name },
    spec: { ...spec, requester: requesterOf('alice') },
  });
const found = (name: string): Schedule =>
  ground.resources.get(scheduleKind, 'default', name) as unknown as Schedule;
const runs = (): readonly CommandRun[] =>
  ground.resources.list(commandRunKind).items as unknown as readonly CommandRun[];
const untilStatus = (name: string, status: object) =>
  vi.waitFor(() => expect(found(name).status).toMatchObject(status), deadline);
const ready = (status: string, reason: string, message: string | RegExp = '') => ({
  conditions: [{ type: 'Ready', status, reason, message: expect.stringMatching(message) }],
});
const reasons = (): readonly string[] =>
  ground.resources.list(eventKind).items.map((e) => String(e['reason']));
const end = ({ metadata }: CommandRun, phase: string) =>
  ground.resources.modify(
    commandRunKind,
    'default',
    metadata.name ?? '',
    (o) => ({ ...o, status: { phase, completionTime: toTimestamp(ground.clock.nowMs()) } }),
    { subresource: 'status' },
  );

test('when it is due, a run is made that is its own and in the name of who answers for it', async () => {
  await create('date');
  await untilStatus('date', { nextScheduleTime: expect.stringMatching(/:00:00Z$/), active: [] });
  await away(hourMs);
  await untilStatus('date', { lastRun: { phase: 'Pending' }, ...ready('True', 'Scheduled') });
  const [run, ...others] = runs();
  expect(others).toEqual([]);
  expect(run).toMatchObject({
    metadata: {
      labels: { 'drover.dev/schedule': 'date' },
      ownerReferences: [{ kind: 'Schedule', uid: found('date').metadata.uid, controller: true }],
    },
    spec: { argv: ['date'], requester: { username: 'alice', groups: ['system:authenticated'] } },
  });
  expect(found('date').status?.active).toMatchObject([{ name: run?.metadata.name }]);
  const { records } = await ground.store.audit.list({ filter: {}, from: { after: 0 }, limit: 100 });
  expect(records).toContainEqual(
    expect.objectContaining({ user: 'alice', verb: 'create', reason: 'schedule default/date' }),
  );
});

test('killed between making the run and writing that down, it makes no second one', async () => {
  await create('once');
  const dying = Promise.withResolvers<never>();
  const made = Promise.withResolvers<void>();
  await away(hourMs, async (wish) => {
    await start(wish);
    made.resolve();
    return dying.promise;
  });
  await made.promise;
  const closing = controller.close();
  dying.reject(new Error('killed'));
  await closing;
  expect(found('once').status?.lastScheduleTime).toBeUndefined();
  expect(runs()).toHaveLength(1);
  open();
  await untilStatus('once', { lastScheduleTime: expect.any(String), active: [{}] });
  expect(runs()).toHaveLength(1);
});

test('who may no longer run commands runs nothing, and condition and event say why', async () => {
  await create('lost');
  await ground.resources.delete(clusterRoleBindingKind, '', 'alice');
  await away(hourMs);
  const why = /^no run of .*: User "alice" cannot create resource "commandruns"|forbidden/;
  await untilStatus('lost', { settledTime: expect.any(String), ...ready('False', 'FailedCreate', why) });
  expect(runs()).toEqual([]);
  await vi.waitFor(() => expect(reasons()).toContain('FailedCreate'), deadline);
  expect(found('lost').status?.lastScheduleTime).toBeUndefined();
});

test('who is disabled, or another of the same name, runs nothing', async () => {
  await create('gone');
  const [bob] = [found('gone').spec.requester];
  await ground.resources.delete(userKind, '', bob?.username ?? '');
  await ground.resources.create(userKind, '', { metadata: { name: 'alice' }, spec: {} });
  await away(hourMs);
  const why = /cannot run as alice: there is no such user any more/;
  await untilStatus('gone', ready('False', 'FailedCreate', why));
  expect(runs()).toEqual([]);
});

const onlyUptime = {
  subjects: [{ kind: 'User', name: 'alice' }],
  allow: { commands: [['uptime']] },
};

test('run policies judge its run as that person, at the time when it starts', async () => {
  await create('judged');
  await ground.resources.create(runPolicyKind, '', { metadata: { name: 'p' }, spec: onlyUptime });
  await away(hourMs);
  await untilStatus('judged', ready('False', 'FailedCreate', /run policy p does not allow this command/));
  expect(runs()).toEqual([]);
  await ground.resources.delete(runPolicyKind, '', 'p');
  await away(hourMs);
  await untilStatus('judged', ready('True', 'Scheduled'));
  expect(runs()).toHaveLength(1);
});

const saved = (username: string, argv: readonly string[]) => ({
  metadata: { name: 'greet' },
  spec: { parameters: [{ name: 'who', required: true }], run: { argv }, requester: requesterOf(username) },
});
const greeting = { name: 'greet', values: { who: 'a b' }, targets: { nodeSet: 'n1' } };

test('a saved command is run as it is then, with its values, if who wrote it might run it too', async () => {
  const { resources } = ground;
  await resources.create(savedCommandKind, 'default', saved('bob', ['echo', '$(who)']));
  await create('greeting', { schedule: '@hourly', savedCommand: greeting });
  await away(hourMs);
  await vi.waitFor(() => expect(runs()).toHaveLength(1), deadline);
  expect(runs()[0]).toMatchObject({
    metadata: { labels: { 'drover.dev/saved-command': 'greet' } },
    spec: { argv: ['echo', 'a b'], targets: { nodeSet: 'n1' }, requester: { username: 'alice' } },
  });
  const subjects = [{ kind: 'User', name: 'bob' }];
  await resources.create(runPolicyKind, '', { metadata: { name: 'p' }, spec: { ...onlyUptime, subjects } });
  await away(hourMs);
  await untilStatus('greeting', ready('False', 'FailedCreate', /run policy p does not allow/));
  expect(runs()).toHaveLength(1);
});

test('values that no longer fit the command run nothing, and are named', async () => {
  await create('wrong', { schedule: '@hourly', savedCommand: { ...greeting, values: {} } });
  await away(hourMs);
  await untilStatus('wrong', ready('False', 'FailedCreate', /there is no saved command greet/));
  await ground.resources.create(savedCommandKind, 'default', saved('bob', ['echo', '$(who)']));
  await away(hourMs);
  const why = /spec.savedCommand.values.who: must be given/;
  await untilStatus('wrong', ready('False', 'FailedCreate', why));
});

test('Forbid waits for the run before, Replace cancels it first; then each starts', async () => {
  await create('waits', { ...hourly, concurrencyPolicy: 'Forbid' });
  await create('replaces', { ...hourly, concurrencyPolicy: 'Replace' });
  await away(hourMs);
  await vi.waitFor(() => expect(runs()).toHaveLength(2), deadline);
  await away(hourMs);
  const why = /waits for the end of /;
  await untilStatus('waits', ready('False', 'RunAlreadyActive', why));
  await untilStatus('replaces', ready('False', 'RunAlreadyActive', why));
  const isCancelled = (name: string) =>
    runs().find(({ metadata }) => metadata.name?.startsWith(name))?.spec.cancel;
  expect([isCancelled('waits'), isCancelled('replaces')]).toEqual([false, true]);
  for (const run of runs()) await end(run, run.spec.cancel ? 'Cancelled' : 'Succeeded');
  await vi.waitFor(() => expect(runs()).toHaveLength(4), deadline);
  await untilStatus('waits', { lastSuccessfulTime: expect.any(String), ...ready('True', 'Scheduled') });
});

test('what could not start within its deadline is left out, and said', async () => {
  await create('late', { ...hourly, startingDeadlineSeconds: 1 });
  // So that the last hour is more than a second past.
  const intoHour = ground.clock.nowMs() % hourMs;
  await away(2 * hourMs - intoHour + 60_000);
  await untilStatus('late', ready('False', 'MissSchedule', /could not start within 1 s/));
  expect(runs()).toEqual([]);
});

test('what would have run while it was suspended is not made up for', async () => {
  await create('rests');
  const set = (suspend: boolean) =>
    ground.resources.modify(scheduleKind, 'default', 'rests', (o) => ({
      ...o,
      spec: { ...found('rests').spec, suspend },
    }));
  await set(true);
  await untilStatus('rests', ready('False', 'Suspended'));
  expect(found('rests').status?.nextScheduleTime).toBeUndefined();
  await away(5 * hourMs);
  await untilStatus('rests', ready('False', 'Suspended'));
  // As the server does it, who resumes it answers for it from then on.
  await controller.close();
  await ground.resources.delete(scheduleKind, 'default', 'rests');
  await create('rests');
  open();
  await untilStatus('rests', ready('True', 'Scheduled'));
  expect(runs()).toEqual([]);
});

test('finished runs beyond the limits are deleted', async () => {
  await create('tidy', { ...hourly, successfulRunsHistoryLimit: 1, failedRunsHistoryLimit: 0 });
  for (const phase of ['Succeeded', 'Failed', 'Succeeded']) {
    await away(hourMs);
    const newest = await vi.waitFor(() => {
      const run = runs().find(({ status }) => status?.phase === undefined);
      if (run === undefined) throw new Error('none is going on');
      return run;
    }, deadline);
    await end(newest, phase);
  }
  await vi.waitFor(() => expect(runs()).toHaveLength(1), deadline);
  expect(runs()[0]?.metadata.name).toBe(found('tidy').status?.lastRun?.name);
});
