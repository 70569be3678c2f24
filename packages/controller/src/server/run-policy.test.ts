// What run policies refuse, ask and note, tried over HTTP: every way in, and what a client can make up.
import { type CommandRun, commandRunKind, type RunPolicy, runPolicyKind, type WorkStatus } from '@drover/api';
import { createClient, nodes } from '@drover/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { type Answer, bind, call, grant, tokenOf } from './test-people.ts';
import { leftBy } from './test-trail.ts';

const base = '/apis/drover.dev/v1alpha1/namespaces/default';
const runs = `${base}/commandruns`;

let ground: Ground;
let alice: string;
let bob: string;

const policy = (name: string, spec: RunPolicy['spec']) =>
  ground.resources.create(runPolicyKind, '', { metadata: { name }, spec });
const run = (name: string, argv: readonly string[], more: object = {}) => ({
  metadata: { name },
  spec: { argv, targets: { nodeSet: '*' }, ...more },
});
const post = (token: string, body: object, path = runs, headers = {}): Promise<Answer> =>
  call(ground, { method: 'POST', path, token, body, headers });
const patch = (token: string, path: string, body: object): Promise<Answer> =>
  call(ground, { method: 'PATCH', path, token, body });
const stored = (name: string): CommandRun =>
  ground.resources.get(commandRunKind, 'default', name) as unknown as CommandRun;

beforeAll(async () => {
  ground = await openGround();
  for (const [name, role] of Object.entries({ web1: 'web', web2: 'web', db1: 'db' }))
    await ground.client.create(nodes, { metadata: { name, labels: { role } } });
  for (const user of ['alice', 'bob']) await bind(ground, user, 'operator');
  [alice, bob] = [await tokenOf(ground, 'alice'), await tokenOf(ground, 'bob')];
  await policy('web-team', {
    subjects: [{ kind: 'User', name: 'alice' }],
    nodes: { matchLabels: { role: 'web' } },
    allow: { commands: [['uptime'], ['deploy', '**'], ['halt-it']] },
  });
  await policy('no-db', {
    subjects: [{ kind: 'User', name: 'alice' }],
    nodes: { matchLabels: { role: 'db' } },
    allow: { commands: [] },
  });
  await policy('rails', {
    rules: [
      { name: 'two-people', match: { commands: [['deploy', '**']] }, action: 'Ask', expireSeconds: 60 },
      { name: 'note', match: { pattern: 'halt' }, action: 'Log', expireSeconds: 60 },
    ],
  });
});
afterAll(() => ground.close());

describe('a run that a policy does not allow', () => {
  it('is refused whole, with the nodes, the policy and what to do, and nothing is stored', async () => {
    const answer = await post(alice, run('all', ['uptime']));
    expect(answer.code).toBe(403);
    expect(answer.json().message).toBe(
      'cannot run on db1 (1 of 3 nodes): run policy no-db does not allow this command; leave these nodes out, or ask whoever keeps the run policies (drover get runpolicies)',
    );
    expect(ground.resources.find(commandRunKind, 'default', 'all')).toBeUndefined();
    expect((await post(alice, run('web', ['uptime'], { targets: { nodeSet: 'web[1-2]' } }))).code).toBe(201);
  });

  it('is refused by apply, by name or generated name, as a script, and as a retry just the same', async () => {
    const wish = run('sneak', ['rm', 'x'], { targets: { nodeSet: 'web1' } });
    const applied = await call(ground, {
      method: 'PATCH',
      path: `${runs}/sneak?fieldManager=t`,
      token: alice,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: { apiVersion: 'drover.dev/v1alpha1', kind: 'CommandRun', ...wish },
    });
    expect(applied.code).toBe(403);
    const { argv: _, ...spec } = wish.spec;
    for (const body of [
      { ...wish, metadata: { generateName: 'sneak-' } },
      { ...wish, spec: { ...spec, script: { source: 'uptime' } } },
      { ...wish, spec: { ...wish.spec, retryOf: 'web' } },
      { ...wish, metadata: { name: 'sneak', uid: 5, resourceVersion: '' } },
    ])
      expect((await post(alice, body)).code).toBeGreaterThanOrEqual(400);
    expect(ground.resources.list(commandRunKind).items.map(({ metadata }) => metadata.name)).toEqual(['web']);
  });

  it('is refused as a transfer too', async () => {
    const spec = { direction: 'Pull', path: '/etc/shadow', targets: { nodeSet: 'web1' } };
    const answer = await post(alice, { metadata: { name: 'p' }, spec }, `${base}/filetransfers`);
    expect(answer.json().message).toContain('run policy web-team does not allow transfers');
  });

  it('leaves a row that names policy and rule, and not the command', async () => {
    const [row] = await leftBy(ground, () =>
      post(alice, run('secret', ['rm', 'hush'], { targets: { nodeSet: 'web1' } })),
    );
    expect(row).toMatchObject({ user: 'alice', decision: 'deny', code: 403 });
    expect(row?.reason).toContain('run policy web-team');
    expect(row?.reason).not.toContain('hush');
  });

  it('is refused as a terminal as well', async () => {
    const client = createClient({ address: ground.address, caPem: ground.caPem, token: alice });
    await expect(client.shell('web1', { columns: 80, rows: 24, user: '', argv: [] })).rejects.toThrow(
      'cannot open a shell on web1: run policy web-team does not allow terminals',
    );
    client.close();
  });
});

describe('who has made a run', () => {
  it('is written by the server, whatever the request says, and nobody changes it', async () => {
    const requester = { username: 'root', groups: ['system:masters'] };
    await post(alice, run('mine', ['uptime'], { targets: { nodeSet: 'web1' }, requester }));
    expect(stored('mine').spec.requester).toMatchObject({ username: 'alice' });
    await patch(bob, `${runs}/mine`, { spec: { requester, cancel: true } });
    await call(ground, {
      method: 'PUT',
      path: `${runs}/mine`,
      body: { ...run('mine', ['uptime']), spec: { ...stored('mine').spec, requester } },
    });
    expect(stored('mine').spec.requester?.username).toBe('alice');
    expect(stored('mine').spec.cancel).toBe(true);
  });

  it('is who is acted for, with who really asked', async () => {
    await post(ground.token, run('acted', ['uptime'], { targets: { nodeSet: 'web1' } }), runs, {
      'impersonate-user': 'alice',
    });
    expect(stored('acted').spec.requester).toMatchObject({ username: 'alice', impersonator: 'admin' });
  });

  it('is not who may say what its command is to be: that is fixed', async () => {
    expect((await patch(alice, `${runs}/mine`, { spec: { argv: ['rm'] } })).code).toBe(422);
    expect((await patch(alice, `${runs}/mine`, { spec: { targets: { nodeSet: '*' } } })).code).toBe(422);
  });
});

describe('server-side apply', () => {
  it('of the same run again changes nothing of who has made it', async () => {
    const wish = run('applied', ['uptime'], { targets: { nodeSet: 'web1' } });
    const body = { apiVersion: 'drover.dev/v1alpha1', kind: 'CommandRun', ...wish };
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const path = `${runs}/applied?fieldManager=t`;
    for (const [token, code] of [
      [alice, 201],
      [bob, 200],
    ] as const)
      expect((await call(ground, { method: 'PATCH', path, token, headers, body })).code).toBe(code);
    expect(stored('applied').spec.requester?.username).toBe('alice');
  });
});

describe('a rule', () => {
  it('that notes lets it run, warns, and stands in the row of the request', async () => {
    const rows = await leftBy(ground, async () => {
      const answer = await post(bob, run('noted', ['halt-it']));
      expect(answer.code).toBe(201);
    });
    expect(rows).toMatchObject([{ user: 'bob', decision: 'allow', code: 201, reason: 'Log rails/note' }]);
  });

  it('is foretold by a dry run, with the nodes, and nothing is stored', async () => {
    const answer = await post(bob, run('later', ['deploy', 'x']), `${runs}?dryRun=All`);
    expect(answer.json()['status']).toMatchObject({
      phase: 'Pending',
      counts: { total: 3 },
      message: 'waits for approval by rule two-people of run policy rails on db1,web[1-2] (3 of 3 nodes)',
    });
    expect(ground.resources.find(commandRunKind, 'default', 'later')).toBeUndefined();
    expect((await post(alice, run('later', ['uptime']), `${runs}?dryRun=All`)).code).toBe(403);
  });
});

describe('approval', () => {
  const approve = { status: { conditions: [{ type: 'Approved', status: 'True', message: 'looks right' }] } };
  const pending = { policy: 'rails', rule: 'two-people', expireTime: '2030-01-01T00:00:00Z' };
  const ask = async (name: string, headers = {}): Promise<string> => {
    const target = { targets: { nodeSet: 'web1' } };
    const token = Object.keys(headers).length > 0 ? ground.token : alice;
    expect((await post(token, run(name, ['deploy', 'x'], target), runs, headers)).code).toBe(201);
    const status: WorkStatus = { phase: 'Pending', approval: pending };
    await ground.resources.modify(commandRunKind, 'default', name, (o) => ({ ...o, status }), {
      subresource: 'status',
    });
    return `${runs}/${name}/approval`;
  };

  it('is given by somebody else, whose name the server writes, and has a row', async () => {
    const path = await ask('first');
    const forged = { type: 'Approved', message: 'by carol: x', reason: 'Because', status: 'False' };
    const [row] = await leftBy(ground, () => patch(bob, path, { status: { conditions: [forged] } }));
    expect(stored('first').status?.conditions).toMatchObject([
      { type: 'Approved', status: 'True', reason: 'Approved', message: 'by bob: by carol: x' },
    ]);
    expect(row).toMatchObject({
      ...{ user: 'bob', verb: 'patch', subresource: 'approval', name: 'first' },
      reason: `Approved: rule ${pending.rule} of run policy ${pending.policy} had asked`,
    });
  });

  it('is never given by who asked, nor in their name, nor by whom they acted for', async () => {
    const path = await ask('own');
    expect((await patch(alice, path, approve)).json().message).toContain('you have asked for it');
    const acted = await ask('acting', { 'impersonate-user': 'bob' });
    for (const token of [bob, ground.token]) expect((await patch(token, acted, approve)).code).toBe(403);
    expect((await patch(alice, acted, approve)).code).toBe(200);
  });

  it('is not for who may edit runs only, nor to be written as status', async () => {
    await grant(ground, 'carol', [
      { apiGroups: ['drover.dev'], resources: ['commandruns'], verbs: ['*'] },
      { apiGroups: ['drover.dev'], resources: ['commandruns/status'], verbs: ['*'] },
    ]);
    const carol = await tokenOf(ground, 'carol');
    const path = await ask('edited');
    expect((await patch(carol, path, approve)).code).toBe(403);
    await patch(carol, `${runs}/edited`, approve);
    await patch(carol, `${runs}/edited/status`, approve);
    expect(stored('edited').status?.conditions ?? []).toEqual([]);
  });

  it('is decided once, and only of what waits', async () => {
    const path = await ask('once');
    const deny = { status: { conditions: [{ type: 'Denied', status: 'True' }] } };
    expect((await patch(alice, path, deny)).code).toBe(200);
    expect((await patch(bob, path, approve)).code).toBe(409);
    expect((await patch(bob, `${runs}/web/approval`, approve)).code).toBe(409);
  });
});

describe('a label by which a policy selects nodes', () => {
  it('is not for who is bound to change, on a node that is there or made; other labels are', async () => {
    const label = (key: string, value: string | null) =>
      patch(alice, '/api/v1/nodes/db1', { metadata: { labels: { [key]: value } } });
    for (const value of ['web', null]) expect((await label('role', value)).code).toBe(403);
    expect((await label('role', 'web')).json().message).toContain(
      'run policy no-db selects nodes by the label role',
    );
    const made = await post(alice, { metadata: { name: 'web3', labels: { role: 'web' } } }, '/api/v1/nodes');
    expect(made.code).toBe(403);
    expect((await label('rack', 'a')).code).toBe(200);
    const path = '/api/v1/nodes/db1';
    expect((await patch(ground.token, path, { metadata: { labels: { role: 'db' } } })).code).toBe(200);
  });
});

describe('policies themselves', () => {
  it('are read by everybody who may view, and written by cluster-admin only', async () => {
    const path = '/apis/drover.dev/v1alpha1/runpolicies';
    expect((await call(ground, { path, token: alice })).code).toBe(200);
    const body = { metadata: { name: 'mine' }, spec: { allow: {} } };
    expect((await post(alice, body, path)).code).toBe(403);
    expect((await call(ground, { method: 'DELETE', path: `${path}/web-team`, token: alice })).code).toBe(403);
  });
});
