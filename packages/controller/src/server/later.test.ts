// Who may keep what is run later, and who answers for it, tried over HTTP.
import { type Schedule, savedCommandKind, scheduleKind } from '@drover/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { type Answer, bind, call, grant, tokenOf } from './test-people.ts';

const base = '/apis/drover.dev/v1alpha1/namespaces/default';
const schedules = `${base}/schedules`;
const verbs = ['get', 'create', 'update', 'patch', 'delete'];

let ground: Ground;
let alice: string;
let bob: string;
let mallory: string;
beforeAll(async () => {
  ground = await openGround();
  await bind(ground, 'alice', 'operator');
  await bind(ground, 'bob', 'operator');
  await grant(ground, 'mallory', [
    { apiGroups: ['drover.dev'], resources: ['schedules', 'savedcommands'], verbs },
  ]);
  [alice, bob, mallory] = [
    await tokenOf(ground, 'alice'),
    await tokenOf(ground, 'bob'),
    await tokenOf(ground, 'mallory'),
  ];
});
afterAll(() => ground.close());

const spec = { schedule: '@daily', run: { argv: ['date'], targets: { nodeSet: '*' } } };
const forged = { username: 'admin', uid: '', time: '2026-01-01T00:00:00Z' };
const make = (token: string, name: string, more: object = {}, headers = {}): Promise<Answer> =>
  call(ground, {
    method: 'POST',
    path: schedules,
    token,
    headers,
    body: { metadata: { name }, spec: { ...spec, ...more } },
  });
const patch = (token: string, name: string, body: object): Promise<Answer> =>
  call(ground, { method: 'PATCH', path: `${schedules}/${name}`, token, body });
const requesterOf = (name: string) =>
  (ground.resources.get(scheduleKind, 'default', name) as unknown as Schedule).spec.requester;

describe('who answers for a schedule', () => {
  it('is who makes it, whatever the request says', async () => {
    expect((await make(alice, 'made', { requester: forged })).code).toBe(201);
    expect(requesterOf('made')).toMatchObject({ username: 'alice', uid: expect.stringMatching(/.+/) });
    expect((await patch(alice, 'made', { spec: { requester: forged } })).code).toBe(200);
    expect(requesterOf('made')?.username).toBe('alice');
  });

  it('is who last changed what it does, and not who labels or suspends it', async () => {
    await make(alice, 'changed');
    expect((await patch(bob, 'changed', { metadata: { labels: { a: 'b' } } })).code).toBe(200);
    expect((await patch(bob, 'changed', { spec: { suspend: true } })).code).toBe(200);
    expect(requesterOf('changed')?.username).toBe('alice');
    expect((await patch(bob, 'changed', { spec: { suspend: false } })).code).toBe(200);
    expect(requesterOf('changed')?.username).toBe('bob');
    expect((await patch(alice, 'changed', { spec: { schedule: '@hourly' } })).code).toBe(200);
    expect(requesterOf('changed')?.username).toBe('alice');
  });

  it('is who applies it, too', async () => {
    const body = { apiVersion: 'drover.dev/v1alpha1', kind: 'Schedule', metadata: { name: 'applied' }, spec };
    const apply = (token: string, more: object) =>
      call(ground, {
        method: 'PATCH',
        path: `${schedules}/applied?fieldManager=t&force=true`,
        token,
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: { ...body, spec: { ...spec, ...more } },
      });
    expect((await apply(alice, {})).code).toBe(201);
    expect(requesterOf('applied')?.username).toBe('alice');
    expect((await apply(bob, { timeZone: 'Europe/Zurich' })).code).toBe(200);
    expect(requesterOf('applied')?.username).toBe('bob');
  });
});

describe('who may not run commands', () => {
  it('makes no schedule and no saved command', async () => {
    const answer = await make(mallory, 'climbs');
    expect(answer.code).toBe(403);
    expect(answer.json().message).toContain('User "mallory" cannot create resource "commandruns"');
    const body = { metadata: { name: 'climbs' }, spec: { run: { argv: ['id'] } } };
    const saved = await call(ground, { method: 'POST', path: `${base}/savedcommands`, token: mallory, body });
    expect(saved.code).toBe(403);
    expect(ground.resources.find(savedCommandKind, 'default', 'climbs')).toBeUndefined();
    expect(ground.resources.find(scheduleKind, 'default', 'climbs')).toBeUndefined();
  });

  it('changes none of others, but may suspend, label and delete them', async () => {
    await make(alice, 'others');
    expect((await patch(mallory, 'others', { spec: { run: { argv: ['id'] } } })).code).toBe(403);
    expect((await patch(mallory, 'others', { spec: { suspend: true } })).code).toBe(200);
    expect((await patch(mallory, 'others', { spec: { suspend: false } })).code).toBe(403);
    const both = { spec: { suspend: true, schedule: '* * * * *' } };
    expect((await patch(mallory, 'others', both)).code).toBe(403);
    expect(requesterOf('others')?.username).toBe('alice');
    const path = `${schedules}/others`;
    expect((await call(ground, { method: 'DELETE', path, token: mallory })).code).toBe(200);
  });
});

it('nobody makes one while acting as somebody else: it would outlive the leave to', async () => {
  const answer = await make(ground.token, 'as-alice', {}, { 'impersonate-user': 'alice' });
  expect(answer.code).toBe(403);
  expect(answer.json().message).toContain('while acting as somebody else');
});

it('the first administrator answers for theirs without an object of their own', async () => {
  expect((await make(ground.token, 'first')).code).toBe(201);
  const { username, uid } = requesterOf('first') ?? { username: '', uid: 'x' };
  expect(ground.auth.identityOf(username, uid)).toMatchObject({ name: 'admin' });
});
