// The audit trail of a real controller and agent: who ran what where, over kill -9, against its file and against tampering.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '@drover/api';
import { commandRuns, createClient } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { Pty } from '../harness/pty.ts';
import { changeRows } from '../harness/rows.ts';
import { waitFor } from '../harness/wait.ts';

let controller: ControllerProcess;
let agent: AgentProcess;
let dir: string;

const drover = (...args: readonly string[]) => cli(controller, args, { cwd: dir });
const must = async (...args: readonly string[]): Promise<string> => {
  const done = await drover(...args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};
const rows = async (...filter: readonly string[]): Promise<readonly AuditRecord[]> =>
  JSON.parse(await must('audit', 'list', '-o', 'json', ...filter)) as AuditRecord[];
/** Of a program that may do everything. */
const tokenOfAnother = async (): Promise<string> => {
  const metadata = { name: 'other', namespace: 'default' };
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'other' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', ...metadata }],
  };
  for (const object of [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, binding]) {
    await writeFile(join(dir, 'object.json'), JSON.stringify(object));
    await must('apply', '-f', 'object.json');
  }
  const client = createClient(controller.context);
  return client.createAccountToken(metadata, 900).finally(() => client.close());
};
const file = () => join(controller.dataDir, 'audit.log');

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-audit-'));
  await writeFile(join(dir, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
  const key = ['--backup-passphrase-file', join(dir, 'passphrase')];
  const backups = ['--backup-dir', join(dir, 'backups'), '--backup-schedule', '* * * * *', ...key];
  controller = await ControllerProcess.start({ args: ['--audit-required', ...backups] });
  const token = /DROVER_TOKEN=(\S+)/.exec(await must('token', 'create'))?.[1] ?? '';
  agent = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await agent.join();
  await waitFor('n1 to be ready', async () => (await must('nodes')).includes('Ready'));
});
afterAll(async () => {
  await agent?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

test('the enrolment of a server shows the token, its use and the controller that made the first ones', async () => {
  const [created] = await rows('--verb', 'create', '--resource', 'enrollmenttokens');
  const [used] = await rows('--resource', 'certificatesigningrequests', '--verb', 'create');
  expect(used).toMatchObject({
    user: `system:bootstrap:${created?.name}`,
    credential: `enrollmenttoken/${created?.name}`,
    decision: 'allow',
  });
  expect(await rows('--user', 'system:controller', '--resource', 'tokens')).toHaveLength(1);
});

test('a run shows who asked for it, where it began and how it ended, and is found by its node', async () => {
  await must('run', '-n', 'n1', '--', 'echo', '--password=planted');
  const [end, start, create] = await waitFor('the end', async () => {
    const found = await rows('--resource', 'commandruns');
    return found.length === 3 ? found : undefined;
  });
  expect(create).toMatchObject({ user: 'admin', verb: 'create', nodes: { asked: 'n1' } });
  expect(create?.argv).toEqual(['echo', '--password=***']);
  expect(start).toMatchObject({ verb: 'start', nodes: { set: 'n1', count: 1 }, uid: create?.uid });
  expect(end).toMatchObject({
    verb: 'end',
    reason: expect.stringMatching(/^Succeeded: 1 /),
    uid: create?.uid,
  });
  expect((await rows('--node', 'n1', '--resource', 'commandruns')).map(({ seq }) => seq)).toEqual([
    start?.seq,
  ]);
});

test('a push and a pull show who asked for what, where they began, how they ended and what they moved', async () => {
  await writeFile(join(dir, 'sent'), 'planted-4711 '.repeat(500));
  const path = join(dir, 'there');
  const ofTransfer = () => rows('--resource', 'filetransfers');
  for (const [direction, argv, seen] of [
    ['push', ['push', '-n', 'n1', 'sent', `:${path}`], 3],
    ['pull', ['pull', '-n', 'n1', path, 'back'], 6],
  ] as const) {
    await must(...argv);
    const all = await waitFor('the end', async () => {
      const found = await ofTransfer();
      return found.length === seen ? found : undefined;
    });
    const [end, start, create] = all;
    const asked = { nodes: { asked: 'n1' }, argv: [direction, path], address: '127.0.0.1' };
    expect(create).toMatchObject({ user: 'admin', verb: 'create', code: 201, decision: 'allow', ...asked });
    const { uid } = create ?? {};
    expect(start).toMatchObject({
      user: 'system:controller',
      verb: 'start',
      nodes: { set: 'n1', count: 1 },
      uid,
    });
    expect(end).toMatchObject({ verb: 'end', reason: 'Succeeded: 1 succeeded; 6500 bytes', uid });
    expect(JSON.stringify(all)).not.toContain('4711');
  }
  // What fails says so, and what it moved all the same.
  expect((await drover('pull', '-n', 'n1', join(dir, 'nowhere'), 'back')).code).toBe(1);
  const [failed] = await waitFor('its end', async () => {
    const found = await ofTransfer();
    return found.length === 9 ? found : undefined;
  });
  expect(failed).toMatchObject({ verb: 'end', reason: 'Failed: 1 failed; 0 bytes' });
});

test('a shell shows its recording as it begins and as it ends, with its exit code', async () => {
  expect(
    await Pty.drover(controller, 'shell', 'n1', '--', 'sh', '-c', 'echo planted-4711; exit 3').ended,
  ).toBe(3);
  const [close, create, ...more] = await waitFor('the end', async () => {
    const found = await rows('--resource', 'nodes/shell');
    return found.length === 2 ? found : undefined;
  });
  expect(more).toEqual([]);
  const of = { user: 'admin', resource: 'nodes', subresource: 'shell', name: 'n1', address: '127.0.0.1' };
  expect(create).toMatchObject({ ...of, verb: 'create', code: 101, recording: expect.any(String) });
  expect(close).toMatchObject({ ...of, verb: 'close', reason: 'exit 3', recording: create?.recording });
  expect(await must('recordings', 'list')).toContain(create?.recording);
});

test('a run that a rule refuses, and one that a rule asks about, name the rule; so does the approval', async () => {
  const rules = [
    { name: 'never', match: { commands: [['echo', 'never']] }, action: 'Deny' },
    {
      name: 'two-people',
      match: { commands: [['echo', 'ask']] },
      action: 'Ask',
      message: 'data of customers',
    },
  ];
  const policy = { apiVersion: 'drover.dev/v1alpha1', kind: 'RunPolicy', metadata: { name: 'rails' } };
  await writeFile(join(dir, 'rails.json'), JSON.stringify({ ...policy, spec: { rules } }));
  await must('apply', '-f', 'rails.json');
  expect((await drover('run', '-n', 'n1', '--name', 'refused', '--', 'echo', 'never')).code).toBe(1);
  const [refused, ...others] = await rows('--resource', 'commandruns', '--name', 'refused');
  expect(others).toEqual([]);
  expect(refused).toMatchObject({
    ...{ user: 'admin', verb: 'create', decision: 'deny', code: 403 },
    ...{ nodes: { asked: 'n1' }, argv: ['echo', 'never'], address: '127.0.0.1' },
    reason: expect.stringContaining('rule never of run policy rails denies it'),
  });
  const other = createClient({ ...controller.context, token: await tokenOfAnother() });
  for (const name of ['approved', 'rejected']) {
    const object = {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'CommandRun',
      metadata: { name, namespace: 'default' },
    };
    await other.create(commandRuns, {
      ...object,
      spec: { argv: ['echo', 'ask'], targets: { nodeSet: 'n1' } },
    });
    await waitFor('the question', async () =>
      (await must('runs', 'show', name)).includes('waiting for approval'),
    );
  }
  other.close();
  await must('runs', 'approve', 'approved', '--reason', 'planted-4711');
  await must('runs', 'reject', 'rejected', '--reason', 'planted-4711');
  const of = async (name: string, count: number) =>
    waitFor('the end', async () => {
      const found = await rows('--resource', 'commandruns', '--name', name);
      return found.length >= count && found[0]?.verb === 'end' ? found : undefined;
    });
  const create = { verb: 'create', user: 'system:serviceaccount:default:other', code: 201 };
  const decision = { user: 'admin', subresource: 'approval', decision: 'allow', address: '127.0.0.1' };
  const asked = 'rule two-people of run policy rails (data of customers) had asked';
  const [approved, rejected] = [await of('approved', 4), await of('rejected', 3)];
  expect(approved).toMatchObject([
    { verb: 'end', reason: 'Succeeded: 1 succeeded' },
    { verb: 'start', nodes: { set: 'n1' } },
    { ...decision, reason: `Approved: ${asked}` },
    create,
  ]);
  expect(rejected).toMatchObject([
    { verb: 'end', reason: 'Cancelled' },
    { ...decision, reason: `Denied: ${asked}` },
    create,
  ]);
  expect(JSON.stringify([approved, rejected])).not.toContain('4711');
});

test('a backup by the clock, and a drain, stand there as well', async () => {
  const [backup] = await waitFor(
    'the backup that falls due',
    async () => {
      const found = await rows('--resource', 'backups', '--verb', 'create');
      return found.length > 0 ? found : undefined;
    },
    90_000,
  );
  const name = expect.stringMatching(/\S+\.backup$/);
  expect(backup).toMatchObject({
    user: 'system:controller',
    decision: 'allow',
    name,
    reason: 'by the schedule',
  });
  await must('server', 'drain');
  await controller.stop();
  await controller.start();
  const [drain, ...more] = await rows('--resource', 'drain');
  expect(more).toEqual([]);
  expect(drain).toMatchObject({
    user: 'admin',
    verb: 'create',
    code: 202,
    decision: 'allow',
    address: '127.0.0.1',
  });
});

test('after kill -9 every acknowledged change has its row, and store and file are whole and the same', async () => {
  const names: string[] = [];
  const create = async (i: number): Promise<void> => {
    const name = `kill-${i}`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
    await writeFile(join(dir, `${name}.json`), JSON.stringify(object));
    if ((await drover('apply', '-f', `${name}.json`)).code === 0) names.push(name);
  };
  const creating = Promise.all(Array.from({ length: 6 }, (_, i) => create(i)));
  await waitFor('the first ones', () => names.length >= 2);
  await controller.kill9();
  await creating;
  await controller.start();
  const told = (await rows('--resource', 'configmaps', '--limit', '1000')).map(({ name }) => name);
  const kept = (await must('get', 'configmaps', '-o', 'name')).trim().split('\n');
  expect(names.filter((name) => !told.includes(name))).toEqual([]);
  expect(kept.map((name) => name.split('/')[1]).filter((name) => !told.includes(name))).toEqual([]);
  await waitFor('the file to be whole', async () => {
    const done = await drover('audit', 'verify', '--file', file());
    return done.code === 0 && done.stdout.split('whole').length === 3;
  });
});

test('who changes the database is found out', async () => {
  await controller.stop();
  const copy = join(dir, 'copy.log');
  await writeFile(copy, await readFile(file()));
  await changeRows(controller, 'DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit)');
  await controller.start();
  expect((await drover('audit', 'verify')).code).toBe(0);
  const kept = (await readdir(controller.dataDir)).filter((name) => name.startsWith('audit.log.ahead-'));
  expect(kept).toHaveLength(1);
  const missing = `${kept[0]} but not in the store`;
  expect(await readFile(join(controller.dataDir, 'controller.log'), 'utf8')).toContain(missing);
  const told = await drover('server', 'doctor');
  expect([told.code, told.stdout]).toEqual([1, expect.stringContaining(missing)]);
  expect((await drover('audit', 'verify', '--file', join(controller.dataDir, kept[0] ?? ''))).code).toBe(1);
  await rename(join(controller.dataDir, kept[0] ?? ''), join(dir, 'looked at'));
  expect((await drover('server', 'doctor')).stdout).not.toContain('not in the store');
  const cut = await drover('audit', 'verify', '--file', copy);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(/row \d+ \(.*copy\.log:\d+\) is not (in the store|the one that the store has)/);

  await controller.stop();
  const deny = `replace(row, '"decision":"allow"', '"decision":"deny"')`;
  await changeRows(controller, `UPDATE audit SET row = ${deny} WHERE seq = 5`);
  await controller.start();
  const changed = await drover('audit', 'verify');
  expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('row 5 was changed')]);
});
