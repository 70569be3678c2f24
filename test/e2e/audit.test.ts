// The audit trail of a real controller and agent: who ran what where, over kill -9, against its file and against tampering.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '@drover/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
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
const file = () => join(controller.dataDir, 'audit.log');

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-audit-'));
  controller = await ControllerProcess.start({ args: ['--audit-required'] });
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
