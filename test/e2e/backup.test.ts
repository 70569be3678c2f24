// A controller that is lost comes back from its backup: the same objects, and the agents without new enrolment.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover as cli } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

let controller: ControllerProcess;
let agent: AgentProcess;
let dir: string;
const passphraseFile = (): string => join(dir, 'passphrase');

const drover = (args: readonly string[]) => cli(controller, args, { cwd: dir });
const must = async (args: readonly string[]): Promise<string> => {
  const done = await drover(args);
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout + done.stderr;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-backup-'));
  await writeFile(passphraseFile(), 'correct horse battery staple\n', { mode: 0o600 });
  controller = await ControllerProcess.start({});
  const token = /DROVER_TOKEN=(\S+)/.exec(await must(['token', 'create']))?.[1] ?? '';
  agent = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await agent.join();
});
afterAll(async () => {
  await agent?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

const digestIn = (text: string): string => /digest\s+([0-9a-f]{64})/.exec(text)?.[1] ?? '';

test('a lost controller comes back: runs of before, the agent without enrolment, new runs on it', async () => {
  await waitFor('the agent', async () => (await drover(['run', '-n', 'n1', '--', 'true'])).code === 0);
  await must(['run', '-n', 'n1', '--', 'echo', 'before']);
  const busy = drover(['run', '-n', 'n1', '--', 'sh', '-c', 'for i in 1 2 3 4 5; do echo $i; done']);
  const made = await must(['backup', 'x.backup', '--passphrase-file', passphraseFile()]);
  await busy;
  await controller.kill9();
  await rename(controller.dataDir, join(dir, 'lost'));
  await rm(controller.keyFile);

  const words = ['--passphrase-file', passphraseFile()];
  expect(digestIn(await must(['backup', 'verify', 'x.backup', ...words]))).toBe(digestIn(made));
  const restored = await must(['restore', 'x.backup', '--data-dir', controller.dataDir, ...words]);
  expect(digestIn(restored)).toBe(digestIn(made));

  await controller.start();
  await waitFor(
    'the agent to be back',
    async () => (await drover(['run', '-n', 'n1', '--', 'true'])).code === 0,
  );
  expect(await must(['get', 'commandruns', '-o', 'json'])).toContain('"before"');
  expect((await must(['get', 'nodes', '-o', 'name'])).trim().split('\n')).toHaveLength(1);
});

test('a directory in use is refused, and a backup that was cut, with what to do', async () => {
  const words = ['--passphrase-file', passphraseFile()];
  const busy = await drover(['restore', 'x.backup', '--data-dir', controller.dataDir, ...words]);
  expect([busy.code, busy.stderr]).toEqual([
    1,
    expect.stringContaining('is using it; choose another --data-dir'),
  ]);
  const bytes = await readFile(join(dir, 'x.backup'));
  await writeFile(join(dir, 'cut.backup'), bytes.subarray(0, bytes.length - 20));
  const cut = await drover(['restore', 'cut.backup', '--data-dir', join(dir, 'new'), ...words]);
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringMatching(/it ends early.*take another copy/)]);
  expect(await readdir(dir)).not.toContain('new');
});
