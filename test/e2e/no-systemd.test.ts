// Servers without systemd: the agent is a sysvinit service, or stays in the foreground where there is neither.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabFleet } from '../harness/lab-fleet.ts';
import { waitFor } from '../harness/wait.ts';

let fleet: LabFleet;
beforeAll(async () => {
  fleet = await LabFleet.open({ hosts: { one: 'debian-12', two: 'debian-12' } });
});
afterAll(() => fleet?.close());

/** Runs a script where nothing shows that systemd is there. */
const without = (host: string, script: string) =>
  fleet.lab.exec(host, ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs none /run/systemd; ${script}`]);
const says = async (host: string): Promise<string> =>
  (await fleet.drover('run', '-n', host, '--', 'echo', 'here')).stdout;

test('where init is sysvinit, a service of it keeps the agent up, and leaves with the server', async () => {
  const joined = await without('one', await fleet.joinLine());
  expect(joined, joined.stderr).toMatchObject({ code: 0 });
  await fleet.ready('one');
  expect(await says('one')).toBe('one: here\n');
  expect(await fleet.out('one', 'ls /etc/rc2.d')).toMatch(/S\d+drover-agent/);
  expect(await fleet.out('one', 'ls /etc/rc0.d')).toMatch(/K\d+drover-agent/);
  expect((await without('one', '/etc/init.d/drover-agent status')).stdout).toBe('drover-agent is running\n');
  const before = (await fleet.agent('one')).sinceMs;
  await fleet.out('one', 'kill -9 "$(cat /var/lib/drover/lock)"');
  await waitFor('the agent to be started again', async () => (await fleet.agent('one')).sinceMs > before);
  expect((await without('one', '/etc/init.d/drover-agent stop')).code).toBe(0);
  await waitFor('the agent to be gone', async () => !(await fleet.agent('one')).connected);
  expect((await without('one', '/etc/init.d/drover-agent start')).code).toBe(0);
  await waitFor('the agent to be back', async () => (await fleet.agent('one')).connected);
  const left = await fleet.drover('node', 'drain-from-fleet', 'one', '--yes');
  expect([left.code, left.stdout]).toEqual([0, 'one removed; its agent uninstalls itself\n']);
  const files = 'ls -d /etc/init.d/drover* /etc/rc*.d/*drover* /var/lib/drover';
  await waitFor('every file to go', async () => (await fleet.sh('one', files)).stdout === '');
  const processes = () => fleet.lab.exec('one', ['pgrep', '-fa', 'agent.py']);
  await waitFor('every process to go', async () => (await processes()).stdout === '');
});

test('where there is no service manager, the agent stays in the foreground, and one that is away cannot uninstall', async () => {
  await fleet.out('two', 'mv /etc/init.d /etc/init.away');
  const running = without('two', await fleet.joinLine());
  await fleet.ready('two');
  expect(await says('two')).toBe('two: here\n');
  await fleet.out('two', 'kill "$(cat /var/lib/drover/lock)"');
  expect((await running).stdout).toContain('no service manager is used: the agent runs in the foreground\n');
  await waitFor('the agent to be gone', async () => !(await fleet.agent('two')).connected);
  const left = await fleet.drover('node', 'drain-from-fleet', 'two', '--yes');
  expect([left.code, left.stdout]).toEqual([
    1,
    'two removed; the agent stays on the server: it is not connected\n',
  ]);
});
