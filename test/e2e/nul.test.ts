// The character U+0000, which only one of the stores could keep: as text it is refused on both, as bytes it arrives on both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, clusterRoles, commandRuns, configMaps, createClient } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { waitFor } from '../harness/wait.ts';

let controller: ControllerProcess;
let client: Client;
let agent: AgentProcess;
let dir: string;

const run = (...command: readonly string[]) => drover(controller, ['run', '-n', 'n1', '--', ...command]);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-nul-'));
  controller = await ControllerProcess.start();
  client = createClient(controller.context);
  const made = await drover(controller, ['token', 'create', '-o', 'json']);
  const token = /DROVER_TOKEN=(\S+)/.exec(made.stdout)?.[1] ?? '';
  agent = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await agent.join();
  await waitFor('the agent', async () => (await run('true')).code === 0, 60_000);
});
afterAll(async () => {
  client?.close();
  await agent?.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

test('text that holds it is refused with the field: names, data and patches', async () => {
  const name = 'kept';
  await client.create(configMaps, { metadata: { name }, data: { a: 'b' } });
  const refused = [
    client.create(clusterRoles, { metadata: { name: 'a\0b' }, rules: [] }),
    client.create(configMaps, { metadata: { name: 'x' }, data: { a: '\0' } }),
    client.patch(configMaps, name, { type: 'json', body: [{ op: 'replace', path: '/data/a', value: '\0' }] }),
  ];
  const whys = await Promise.all(refused.map((one) => one.then(String, String)));
  for (const [index, field] of ['metadata.name', 'data.a', '[0].value'].entries())
    expect(whys[index]).toContain(`${field}: must not hold the character U+0000`);
  expect((await client.get(configMaps, name)).data).toEqual({ a: 'b' });
});

test('a command that prints it has printed it, after kill -9 too', async () => {
  const command = ['printf', 'a\\000b'];
  expect(await run(...command)).toMatchObject({ code: 0, stdout: expect.stringContaining('a\0b') });
  await controller.kill9();
  await controller.start();
  const { items } = await client.list(commandRuns);
  const name = items.find(({ spec }) => spec.argv?.[0] === 'printf')?.metadata.name ?? '';
  expect((await drover(controller, ['runs', 'log', name])).stdout).toContain('a\0b');
});
