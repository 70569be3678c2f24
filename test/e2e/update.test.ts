// A fleet renews its agents under its commands, comes back from bad ones by itself, and leaves servers clean.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentFile } from '../harness/controller.ts';
import { keptFilesOf } from '../harness/key-files.ts';
import { LabFleet } from '../harness/lab-fleet.ts';
import { waitFor } from '../harness/wait.ts';

let fleet: LabFleet;
let source: string;

const offeredFile = () => join(fleet.work, 'agent.py');
/** Puts an agent file into force on the controller; `change` says what it does. */
const offer = async (version: string, change: (text: string) => string = (text) => text): Promise<string> => {
  const text = change(source.replace(/^VERSION = .*$/m, `VERSION = '${version}'`));
  await writeFile(offeredFile(), text);
  return createHash('sha256').update(text).digest('hex');
};
const fileOf = async (host: string): Promise<string> =>
  (await fleet.out(host, 'sha256sum /var/lib/drover/agent.py')).split(' ')[0] ?? '';

beforeAll(async () => {
  source = await readFile(agentFile, 'utf8');
  fleet = await LabFleet.open({
    hosts: { one: 'debian-12', two: 'debian-13' },
    args: async (work) => {
      await writeFile(join(work, 'agent.py'), source);
      return ['--agent-file', join(work, 'agent.py')];
    },
  });
  for (const host of ['one', 'two']) await fleet.join(host);
  // Thirty seconds to connect are for the slowest server; these need not wait so long for what never does.
  const hurry = `sed -i 's/{/{"updateDeadlineSeconds": 4,/' /var/lib/drover/config.json`;
  for (const host of ['one', 'two']) await fleet.out(host, `${hurry} && systemctl restart drover-agent`);
  for (const host of ['one', 'two'])
    await waitFor(`${host} to be back`, async () => (await fleet.agent(host)).connected);
});
afterAll(() => fleet?.close());

test('agents become the new one, a few first, and a running command does not notice', async () => {
  const script = 'for i in 1 2 3 4 5 6; do echo $i; sleep 1; done';
  const started = await fleet.drover('run', '-n', 'one', '--detach', '-o', 'name', '--', 'sh', '-c', script);
  const run = started.stdout.trim().split('/').at(-1) ?? '';
  await waitFor('its first words', async () => (await fleet.drover('runs', 'log', run)).stdout.includes('1'));
  const sha256 = await offer('99.0.1');
  const updated = await fleet.drover('agent', 'update', '--all');
  expect([updated.code, updated.stdout, updated.stderr]).toEqual([0, 'one updated\ntwo updated\n', '']);
  for (const host of ['one', 'two']) {
    expect(await fleet.agent(host)).toMatchObject({ agentVersion: '99.0.1', agentSha256: sha256 });
    expect(await fileOf(host)).toBe(sha256);
  }
  const ended = async () => (await fleet.drover('get', 'run', run)).stdout;
  await waitFor('the command to end', async () => /Succeeded|Failed/.test(await ended()));
  expect(await ended()).toContain('Succeeded');
  expect((await fleet.drover('runs', 'log', run, '--raw')).stdout).toBe('1\n2\n3\n4\n5\n6\n');
  expect((await fleet.drover('agent', 'update', 'one')).stdout).toBe('one is up to date\n');
});

const broken: readonly (readonly [string, (text: string) => string, string])[] = [
  ['does not compile', (text) => `${text}\ndef broken(:\n`, 'refused the new file: it does not compile'],
  [
    'dies as it starts',
    (text) => text.replace('def run_agent(options):', 'def run_agent(options):\n    os._exit(7)'),
    'failed there, the old one is back: it ended before it was connected',
  ],
  [
    'never connects',
    (text) => text.replace("self.session.call('hello', {'hello': self.hello()}, self.on_welcome)", 'pass'),
    'failed there, the old one is back: it was not connected within 4 s',
  ],
];

test.each(broken)(
  'a new agent that %s is given up, the old one goes on, and it is told why',
  async (_, change, why) => {
    const before = await fileOf('one');
    const sha256 = await offer('99.0.2', change);
    const updated = await fleet.drover('agent', 'update', 'one', 'two', '--timeout', '40s');
    expect([updated.code, updated.stdout]).toEqual([
      1,
      expect.stringMatching(/^one failed: [^\n]+\ntwo left alone: the first nodes failed\n$/),
    ]);
    expect(updated.stdout).toContain(why);
    await waitFor('one to be back', async () => (await fleet.agent('one')).agentSha256 === before);
    expect(await fileOf('one')).toBe(before);
    const facts = await fleet.drover('node', 'facts', 'one', '-o', 'json');
    expect(facts.stdout).toContain(sha256);
    const run = await fleet.drover('run', '-n', 'one', '--', 'echo', 'still here');
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('still here')]);
  },
);

test('a file that another key has signed is refused', async () => {
  const before = await fileOf('two');
  await fleet.controller.stop();
  // As if somebody had the controller's disk but not its release key, which agents learnt when they joined.
  const kept = await keptFilesOf(fleet.controller);
  const key = 'keys/release.pem';
  const own = (await kept.read(key)) ?? '';
  const other = await fleet.out('one', 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256');
  expect(await kept.replace(key, own, other)).toBe(true);
  await fleet.controller.start();
  await offer('99.0.3');
  await waitFor('two to be back', async () => (await fleet.agent('two')).connected);
  const updated = await fleet.drover('agent', 'update', 'two', '--timeout', '40s');
  expect(updated.stdout).toContain('refused the new file: its signature is not by the release key');
  expect([updated.code, await fileOf('two')]).toEqual([1, before]);
  await fleet.controller.stop();
  expect(await kept.replace(key, await kept.read(key), own)).toBe(true);
  await fleet.controller.start();
  await waitFor('two to be back', async () => (await fleet.agent('two')).connected);
  expect((await fleet.drover('agent', 'update', 'two')).stdout).toBe('two updated\n');
});

test('a server that leaves the fleet keeps nothing of it, not even a running command', async () => {
  await fleet.drover('run', '-n', 'one', '--detach', '--', 'sh', '-c', 'sleep 4242');
  await waitFor(
    'the command to run',
    async () => (await fleet.sh('one', 'pgrep -f "sleep 424[2]"')).code === 0,
  );
  const left = await fleet.drover('node', 'drain-from-fleet', 'one', '--yes');
  expect([left.code, left.stdout]).toEqual([0, 'one removed; its agent uninstalls itself\n']);
  const places = ['/etc/systemd/system', '/etc/systemd/system/multi-user.target.wants', '/etc/init.d'];
  const names = `ls -d ${places.map((place) => `${place}/drover-agent*`).join(' ')} /var/lib/drover /run/drover* /tmp/drover*`;
  await waitFor('every file to go', async () => (await fleet.sh('one', names)).stdout === '');
  const processes = () => fleet.lab.exec('one', ['pgrep', '-fa', 'drover|agent.py|sleep 4242']);
  await waitFor('every process to go', async () => (await processes()).stdout === '');
  const unit = await fleet.sh('one', 'systemctl list-units --all --plain --no-legend drover-agent.service');
  expect(unit.stdout.trim()).toBe('');
  expect((await fleet.drover('nodes')).stdout).not.toContain('one');
  expect((await fleet.drover('events')).stdout).toContain('the agent removes itself');
});
