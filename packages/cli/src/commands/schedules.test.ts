import { afterEach, beforeEach, expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { type FakeController, startFakeController } from '../testing/fake-controller.ts';
import { scriptWork } from '../testing/fake-work.ts';

const base = '/apis/drover.dev/v1alpha1/namespaces/default';
const saved = {
  metadata: { name: 'deploy', namespace: 'default' },
  spec: {
    parameters: [
      { name: 'version', type: 'string', pattern: '[0-9.]+', required: true },
      { name: 'count', type: 'integer', required: false, default: 2 },
    ],
    run: { argv: ['deploy', '$(version)', '$(count)'], strategy: { width: 5, batches: [] }, offline: {} },
  },
};
const schedule = {
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'Schedule',
  metadata: { name: 'nightly', namespace: 'default', uid: 'u1' },
  spec: { savedCommand: { name: 'deploy', values: { version: '1.2' }, targets: { nodeSet: 'n1' } } },
};

let fake: FakeController;
const home = () => ({ contextFile: fake.contextFile, home: fake.directory });
const made = () =>
  fake.seen.find(({ method, path }) => method === 'POST' && path === `${base}/commandruns`)?.body;

beforeEach(async () => {
  fake = await startFakeController();
  fake.on('GET', `${base}/savedcommands/deploy`, () => saved);
  fake.on('GET', `${base}/schedules/nightly`, () => schedule);
  fake.on('PATCH', `${base}/schedules/nightly`, () => schedule);
});
afterEach(() => fake.close());

test('a saved command is run with its values, on the nodes and at the pace that are given', async () => {
  scriptWork(fake, 'commandruns', (work) => work.end('Succeeded'));
  const words = ['run', '--saved', 'deploy', '-n', 'web[1-2]', '-p', 'version=1.2', '--batches', '1,100%'];
  expect(await drover(words, home())).toMatchObject({ code: 0 });
  expect(made()).toMatchObject({
    metadata: { generateName: 'deploy-', labels: { 'drover.dev/saved-command': 'deploy' } },
    spec: {
      argv: ['deploy', '1.2', '2'],
      targets: { nodeSet: 'web[1-2]' },
      strategy: { width: 5, batches: [1, '100%'] },
    },
  });
});

test('what does not fit the saved command is told before anything is made', async () => {
  const done = await drover(['run', '--saved', 'deploy', '-p', 'version=x', '-p', 'other=1'], home());
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('values.other: there is no such parameter; known: version, count');
  expect(done.stderr).toContain('values.version: must match [0-9.]+ as a whole');
  expect(done.stderr).toContain('targets: must be given');
  const both = await drover(['run', '--saved', 'deploy', '-n', 'n1', '--', 'date'], home());
  expect(both).toMatchObject({ code: 2 });
  expect(made()).toBeUndefined();
});

test('a schedule is run now as a run of its own, in the name of who asks', async () => {
  scriptWork(fake, 'commandruns', (work) => work.end('Succeeded'));
  const done = await drover(['schedules', 'run', 'nightly', '--detach'], home());
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(made()).toMatchObject({
    metadata: {
      generateName: 'nightly-manual-',
      labels: { 'drover.dev/schedule': 'nightly', 'drover.dev/saved-command': 'deploy' },
      ownerReferences: [{ kind: 'Schedule', name: 'nightly', uid: 'u1', controller: true }],
    },
    spec: { argv: ['deploy', '1.2', '2'], targets: { nodeSet: 'n1' } },
  });
});

test('schedules are suspended and resumed', async () => {
  expect((await drover(['schedules', 'suspend', 'nightly'], home())).stdout).toBe('nightly suspended\n');
  expect((await drover(['schedules', 'resume', 'nightly'], home())).stdout).toBe('nightly resumed\n');
  const bodies = fake.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
  expect(bodies).toEqual([{ spec: { suspend: true } }, { spec: { suspend: false } }]);
});
