// Nodes whose policy names signers: the admin's own session starts nothing there, whatever is asked and however often.
import { chmod, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, type CommandRun } from '@drover/api';
import { type Client, commandRuns, createClient, nodes } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { type CliResult, drover } from '../harness/cli.ts';
import { agentFile, ControllerProcess } from '../harness/controller.ts';
import { Planted } from '../harness/planted.ts';
import { waitFor } from '../harness/wait.ts';

const planted = new Planted();
let work: string;
let controller: ControllerProcess;
let client: Client;
const agents = new Map<string, AgentProcess>();

const cli = (...args: string[]): Promise<CliResult> => drover(controller, args, { cwd: work });
const place = (name: string): string => join(work, name);
const lines = async (name: string): Promise<number> =>
  (await readFile(place(name), 'utf8').catch(() => '')).split('\n').length - 1;
const nameOf = (done: CliResult): string =>
  /(run|push|pull)-[a-z0-9-]+/.exec(done.stdout + done.stderr)?.[0] ?? '';

const policyOf = async (names: readonly string[], more: object = {}): Promise<string> => {
  const signers = await Promise.all(
    names.map(async (name) =>
      JSON.parse((await cli('key', 'show', '--key', `${name}.pem`, '--name', name)).stdout),
    ),
  );
  return JSON.stringify({ signers, ...more });
};
const join1 = async (name: string, policy: string): Promise<void> => {
  await writeFile(place(`${name}.json`), policy);
  const made = await cli('token', 'create', '--uses', '1', '-o', 'json');
  const token = /DROVER_TOKEN=['"]?([^\s'"]+)/.exec(made.stdout)?.[1] ?? '';
  planted.plant(`the join token of ${name}`, token.split('.')[1] ?? '');
  const { context } = controller;
  const agent = new AgentProcess({
    context,
    token,
    name,
    dir: place('agents'),
    policy: place(`${name}.json`),
  });
  agents.set(name, agent);
  await agent.join();
  await client.waitFor(
    nodes,
    name,
    (node) => node?.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true,
    { signal: AbortSignal.timeout(30_000) },
  );
};

/** As somebody would who has the session but not the key: the object as he likes it, by the API alone. */
const post = async (spec: object): Promise<{ readonly state: string; readonly reason: string }> => {
  const object = {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    metadata: { generateName: 'x-' },
    spec,
  };
  const { metadata } = await client.create(commandRuns, object, { namespace: 'default' });
  const name = metadata.name ?? '';
  for await (const event of client.watchResults({ kind: commandRuns, name })) if (event.type === 'END') break;
  for await (const task of client.allResults({ kind: commandRuns, name }))
    return { state: task.state, reason: task.result?.reason ?? '' };
  throw new Error(`${name} has no task`);
};

const signedSpec = async (...args: string[]): Promise<CommandRun['spec']> => {
  const file = place(`held-${performance.now()}.json`);
  const held = await cli('run', '-n', 'strict', '--sign', 'alice.pem', '--sign-to', file, ...args);
  expect([held.code, held.stderr]).toEqual([0, expect.stringContaining('signed for 1 node: strict')]);
  return (JSON.parse(await readFile(file, 'utf8')) as CommandRun).spec;
};

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'drover-signing-'));
  await copyFile(agentFile, place('agent.py'));
  controller = await ControllerProcess.start({ args: ['--agent-file', place('agent.py')] });
  client = createClient(controller.context);
  for (const name of ['alice', 'bob', 'mallory'])
    expect((await cli('key', 'create', '--out', `${name}.pem`, '--no-passphrase')).code).toBe(0);
  await join1('strict', await policyOf(['alice']));
  await join1('two', await policyOf(['alice', 'bob'], { minSignatures: 2 }));
  await join1('open', '{}');
});
afterAll(async () => {
  client?.close();
  for (const agent of agents.values()) await agent.close();
  await controller?.close();
  await rm(work, { recursive: true, force: true });
});

test('without a key the command line and the controller say which nodes want one, and nothing is made', async () => {
  const refused = await cli('run', '-n', 'strict,open', '--', 'touch', place('made'));
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^drover: cannot start: node strict takes signed requests only\n {2}sign it with --sign KEY/,
    ),
  ]);
  await expect(post({ argv: ['touch', place('made')], targets: { nodeSet: 'strict' } })).rejects.toThrow(
    'node strict takes signed requests only',
  );
  expect((await client.list(commandRuns, { namespace: 'default' })).items).toEqual([]);
  await expect(stat(place('made'))).rejects.toThrow('ENOENT');
  expect((await cli('run', '-n', 'open', '--', 'true')).code).toBe(0);
});

test('a controller that asks for no signature starts nothing either: the node refuses by itself', async () => {
  // It has not yet heard of the policy: the agent reads it before each task and tells of it with its next heartbeat.
  await writeFile(place('open.json'), await policyOf(['alice']));
  const passed = await post({ argv: ['touch', place('made')], targets: { nodeSet: 'open' } });
  expect(passed).toEqual({
    state: 'never-started',
    reason: expect.stringContaining('wants requests signed'),
  });
  await expect(stat(place('made'))).rejects.toThrow('ENOENT');
  await writeFile(place('open.json'), '{}');
});

test('what is signed runs, by its key only', async () => {
  const done = await cli('run', '-n', 'strict,open', '--sign', 'alice.pem', '--', 'echo', 'signed');
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('strict: signed')]);
  const other = await cli('run', '-n', 'strict', '--sign', 'mallory.pem', '--', 'true');
  expect([other.code, other.stdout + other.stderr]).toEqual([
    1,
    expect.stringContaining('by a key that the policy'),
  ]);
  const script = await drover(controller, ['run', '-n', 'strict', '--sign', 'alice.pem', '--script', '-'], {
    input: 'echo "$WORD $((6 * 7))"',
    cwd: work,
  });
  expect(script.stdout).toContain('42');
});

test('the same request is refused by the node the second time, even after its agent was killed', async () => {
  const spec = await signedSpec('--', 'sh', '-c', `echo ran >> ${place('ran')}`);
  expect((await post(spec)).state).toBe('exited');
  const replay = { state: 'never-started', reason: expect.stringContaining('used on this node before') };
  expect(await post(spec)).toEqual(replay);
  await agents.get('strict')?.end('SIGKILL');
  agents.get('strict')?.run();
  expect(await post(spec)).toEqual(replay);
  expect(await lines('ran')).toBe(1);
});

test('what is not what was signed is refused by the controller with its field', async () => {
  const spec = await signedSpec('--timeout', '1m', '--', 'id');
  const wrong: readonly (readonly [object, string])[] = [
    [{ argv: ['id', '-u'] }, 'spec.argv'],
    [{ user: 'daemon' }, 'spec.user'],
    [{ timeoutSeconds: 61 }, 'spec.timeoutSeconds'],
    [{ targets: { nodeSet: 'open' } }, 'spec.targets'],
  ];
  for (const [change, field] of wrong) {
    const refused = await post({ ...spec, ...change }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ reason: 'Invalid', message: expect.stringContaining(field) });
  }
  expect((await post(spec)).state).toBe('exited');
});

test('a controller in strange hands cannot change what was signed either: the node compares', async () => {
  const { signed, ...spec } = await signedSpec('--', 'id');
  const forged = JSON.parse(signed?.payload ?? '') as { command: { argv: string[] }; nodes: string };
  forged.command.argv = ['touch', place('forged')];
  const payload = JSON.stringify(forged);
  const posted = await post({ ...spec, argv: ['touch', place('forged')], signed: { ...signed, payload } });
  expect(posted).toEqual({
    state: 'never-started',
    reason: expect.stringContaining('signature by alice is not right'),
  });
  await expect(stat(place('forged'))).rejects.toThrow('ENOENT');
});

test('a request for one node cannot be sent to another that trusts the same key', async () => {
  const spec = await signedSpec('--', 'true');
  await writeFile(place('open.json'), await policyOf(['alice']));
  const labelled = async () => (await client.get(nodes, 'open')).metadata.labels?.['drover.dev/signing'];
  await waitFor('the label of the node', async () => (await labelled()) === 'required');
  const payload = { ...JSON.parse(spec.signed?.payload ?? ''), nodes: 'open' };
  const moved = { ...spec, targets: { nodeSet: 'open' } };
  await expect(post(moved)).rejects.toThrow('spec.targets');
  const forged = { ...moved, signed: { ...spec.signed, payload: JSON.stringify(payload) } };
  expect((await post(forged)).reason).toContain('signature by alice is not right');
  await writeFile(place('open.json'), '{}');
  await waitFor('the label to go', async () => (await labelled()) === undefined);
});

test('a request that has expired, or that no policy allows to last so long, is refused with both times', async () => {
  const held = await signedSpec('--ttl', '1s', '--', 'true');
  const { expiresAtMs } = JSON.parse(held.signed?.payload ?? '') as { expiresAtMs: number };
  await waitFor('its expiry', () => Date.now() > expiresAtMs);
  expect((await post(held)).reason).toMatch(/expired at 20\d\d-.*Z, and here it is 20\d\d-.*Z/);
  const long = await cli('run', '-n', 'strict', '--sign', 'alice.pem', '--ttl', '2h', '--', 'true');
  expect(long.stdout + long.stderr).toContain('valid for 7200 s, and the policy of this node allows 3600 s');
});

test('transfers are signed as commands are', async () => {
  await writeFile(place('motd'), 'hello\n');
  const unsigned = await cli('push', '-n', 'strict', 'motd', `:${place('pushed')}`);
  expect([unsigned.code, unsigned.stderr]).toEqual([
    1,
    expect.stringContaining('takes signed requests only'),
  ]);
  const pushed = await cli('push', '-n', 'strict', '--sign', 'alice.pem', 'motd', `:${place('pushed')}`);
  expect(pushed.code, pushed.stderr).toBe(0);
  expect(await readFile(place('pushed'), 'utf8')).toBe('hello\n');
  const pulled = await cli('pull', '-n', 'strict', '--sign', 'alice.pem', place('pushed'), 'got');
  expect(pulled.code, pulled.stderr).toBe(0);
  expect(await readFile(place('got/strict/pushed'), 'utf8')).toBe('hello\n');
});

test('where two must sign, the second signs what the first has signed', async () => {
  const alone = await cli('run', '-n', 'two', '--sign', 'alice.pem', '--', 'true');
  expect(alone.stdout + alone.stderr).toContain('signed by alice only');
  const held = await cli(
    'run',
    '-n',
    'two',
    '--sign',
    'alice.pem',
    '--sign-to',
    'both.json',
    '--',
    'echo',
    'both',
  );
  expect(held.stderr).toContain('next: drover key sign both.json');
  const second = await cli('key', 'sign', 'both.json', '--key', 'bob.pem');
  expect([second.stdout, second.stderr]).toEqual([
    'both.json has 2 signatures\n',
    expect.stringMatching(/^on: two\n(.*\n)*argv: \["echo","both"\]\n(.*\n)*until: 20/),
  ]);
  expect((await cli('apply', '-f', 'both.json')).code).toBe(0);
  const name = (JSON.parse(await readFile(place('both.json'), 'utf8')) as CommandRun).metadata.name ?? '';
  await waitFor('the run', async () => (await cli('runs', 'log', name, '--raw')).stdout === 'both\n');
  const changed = (await readFile(place('both.json'), 'utf8')).replace('"both"', '"other"');
  await writeFile(place('changed.json'), changed);
  expect((await cli('key', 'sign', 'changed.json', '--key', 'mallory.pem')).stderr).toContain('spec.argv');
});

test('a retry is signed anew', async () => {
  const failed = await cli(
    'run',
    '-n',
    'strict',
    '--sign',
    'alice.pem',
    '--',
    'sh',
    '-c',
    `test -e ${place('fixed')}`,
  );
  await writeFile(place('fixed'), '');
  const plain = await cli('runs', 'retry', nameOf(failed));
  expect([plain.code, plain.stderr]).toEqual([1, expect.stringContaining('takes signed requests only')]);
  const again = await cli('runs', 'retry', nameOf(failed), '--sign', 'alice.pem');
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('1 ok')]);
});

test('no terminal opens without a signature, and the agent does not leave', async () => {
  const shell = await cli('shell', 'strict', '--', 'true');
  expect(shell.stdout + shell.stderr).toContain('what is typed into a terminal cannot be');
  await expect(client.uninstallAgent('strict')).rejects.toThrow('remove the agent on the server itself');
});

test('the agent becomes another one only when a signer has signed a file that he has himself', async () => {
  await writeFile(place('agent.py'), `${await readFile(agentFile, 'utf8')}\n# another\n`);
  const unsigned = await cli('agent', 'update', 'strict');
  expect([unsigned.code, unsigned.stdout]).toEqual([1, expect.stringContaining('wants requests signed')]);
  const body = { signed: { payload: '' } };
  await expect(client.http.json({ method: 'POST', path: '/agents/strict/update', body })).rejects.toThrow(
    'signed',
  );
  const unknown = await cli('agent', 'update', 'strict', '--sign', 'alice.pem');
  expect([unknown.code, unknown.stderr]).toEqual([
    1,
    expect.stringContaining('gives out another agent than'),
  ]);
  const good = await cli('agent', 'update', 'strict', '--sign', 'alice.pem', '--agent-file', 'agent.py');
  expect([good.code, good.stdout]).toEqual([0, 'strict updated\n']);
  const after = await cli('run', '-n', 'strict', '--sign', 'alice.pem', '--', 'true');
  expect(after.code, after.stderr).toBe(0);
});

test('a key that others may read is not used, and one is never overwritten', async () => {
  await chmod(place('mallory.pem'), 0o644);
  const open = await cli('run', '-n', 'strict', '--sign', 'mallory.pem', '--', 'true');
  expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('others may read it (mode 644)')]);
  const again = await cli('key', 'create', '--out', 'alice.pem', '--no-passphrase');
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('it is there already')]);
  expect((await stat(place('alice.pem'))).mode & 0o777).toBe(0o600);
});

test('no log, nor the audit trail, tells a key by which somebody signs, or a token', async () => {
  for (const name of ['alice', 'bob', 'mallory'])
    for (const line of (await readFile(place(`${name}.pem`), 'utf8')).split('\n').slice(1, -2))
      planted.plant(`a line of the key of ${name}`, line);
  planted.plant('the token of the administrator', controller.context.token);
  expect(planted.size).toBeGreaterThan(6);
  const logs = [...agents].map(async ([name, agent]) => [`the log of ${name}`, await agent.log()]);
  expect(await planted.toldBy(controller, Object.fromEntries(await Promise.all(logs)))).toEqual([]);
});
