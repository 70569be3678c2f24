// Servers enrolled over SSH from an administrator's machine in their network: by key, by password, and only when
// they are who they should be.
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress } from '../../lab/index.ts';
import { cliFile } from '../harness/cli.ts';
import { LabFleet } from '../harness/lab-fleet.ts';

const password = 'correct horse';
let fleet: LabFleet;
const file = (name: string): string => join(fleet.work, name);
const addressOf = (host: string): string =>
  fleet.lab.hosts.find(({ name }) => name === host)?.address ?? 'unknown';
const fingerprintOf = async (host: string, type = 'ed25519'): Promise<string> =>
  (await fleet.out(host, `ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub`)).split(' ')[1] ?? '';

beforeAll(async () => {
  fleet = await LabFleet.open({
    hosts: { one: 'debian-12', two: 'debian-13', three: 'debian-12', four: 'debian-13' },
  });
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('id')]);
  const key = (await readFile(file('id.pub'), 'utf8')).trim();
  for (const { name } of fleet.lab.hosts) {
    await fleet.out(name, `mkdir -p -m 700 ~/.ssh && echo '${key}' > ~/.ssh/authorized_keys`);
    await fleet.out(name, `echo 'root:${password}' | chpasswd`);
    await fleet.out(
      name,
      "echo 'PermitRootLogin yes' > /etc/ssh/sshd_config.d/lab.conf; systemctl restart ssh",
    );
  }
  await writeFile(file('password'), `${password}\n`, { mode: 0o600 });
  // The administrator's machine reaches the controller by the address that servers use.
  const context = {
    ...fleet.controller.context,
    address: `https://${gatewayAddress}:${fleet.controller.port}`,
  };
  await writeFile(file('context.json'), JSON.stringify(context), { mode: 0o600 });
});
afterAll(() => fleet?.close());

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** `drover node add ARGS` on a machine in the servers' network. */
const add = (...args: string[]): Promise<Ended> => {
  const argv = [cliFile, 'node', 'add', ...args];
  const [command = '', ...rest] = fleet.lab.networkArgv(argv);
  const env = { ...process.env, DROVER_CONTEXT: file('context.json'), HOME: fleet.work, NO_COLOR: '1' };
  const child = spawn(command, rest, { env: { ...env, SSH_AUTH_SOCK: undefined }, stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (data: string) => {
      text += data;
    });
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
};

const target = (host: string): string => `root@${addressOf(host)}`;
const knownHosts = async (hosts: readonly string[]): Promise<string> => {
  const lines: string[] = [];
  for (const host of hosts) {
    const key = await fleet.out(host, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
    lines.push(`${addressOf(host)} ${key.split(' ').slice(0, 2).join(' ')}`);
  }
  await writeFile(file('known_hosts'), `${lines.join('\n')}\n`);
  return file('known_hosts');
};
const tokens = async (): Promise<string> => (await fleet.drover('token', 'list', '-o', 'name')).stdout;
const isClean = async (host: string): Promise<boolean> =>
  (await fleet.sh(host, 'ls -d /var/lib/drover /tmp/drover*')).stdout === '';

test('a server that shows another key than it should is not signed in to', async () => {
  const wrong = `SHA256:${'A'.repeat(43)}`;
  const ended = await add(target('one'), '--password-file', file('password'), '--fingerprint', wrong);
  expect(ended).toEqual({ code: 1, text: expect.stringContaining('it shows another key than expected') });
  const unknown = await add(target('one'), '--key', file('id'));
  expect(unknown).toEqual({ code: 1, text: expect.stringContaining('its key is in no known_hosts file') });
  // Somebody else's key under its address: as if another server had taken it.
  const known = await knownHosts(['two']);
  await writeFile(known, (await readFile(known, 'utf8')).replace(addressOf('two'), addressOf('one')));
  const changed = await add(target('one'), '--key', file('id'), '--known-hosts', known);
  expect(changed).toEqual({ code: 1, text: expect.stringContaining('it shows another key than expected') });
  const log = await fleet.out('one', 'journalctl -u ssh --no-pager -o cat');
  expect(log).not.toMatch(/Accepted|Failed (password|publickey)/);
  expect([await isClean('one'), await tokens()]).toEqual([true, '']);
});

test('a wrong password is told, and nothing is left behind', async () => {
  await writeFile(file('wrong'), 'battery staple\n');
  const trust = ['--fingerprint', await fingerprintOf('one')];
  const ended = await add(target('one'), '--password-file', file('wrong'), ...trust);
  expect(ended).toEqual({ code: 1, text: expect.stringContaining('accepts neither key nor password') });
  expect([await isClean('one'), await tokens()]).toEqual([true, '']);
});

test('several servers join at once by key; one that cannot does not hold up the others', async () => {
  const known = await knownHosts(['one', 'two']);
  const all = [target('one'), target('two'), `root@${addressOf('three')}`];
  const ended = await add(...all, '--key', file('id'), '--known-hosts', known, '--label', 'rack=r1');
  expect(ended.code).toBe(1);
  expect(ended.text).toContain(`${target('one')}: node one is Ready`);
  expect(ended.text).toContain(`${target('two')}: node two is Ready`);
  expect(ended.text).toMatch(new RegExp(`${addressOf('three')}: cannot trust .* no known_hosts file`));
  const listed = await fleet.drover('get', 'nodes', '-l', 'rack=r1', '-o', 'name');
  expect(listed.stdout.trim().split('\n')).toEqual(['node/one', 'node/two']);
  expect(await fleet.out('one', 'systemctl is-active drover-agent; ls /tmp')).not.toContain('drover-join');
  expect(await fleet.out('one', 'journalctl -u ssh --no-pager -o cat')).toContain(
    'Accepted publickey for root',
  );
});

test('servers join by a password from a file, each known by its fingerprint; the secret is in no process list', async () => {
  const trust = [await fingerprintOf('three'), await fingerprintOf('four', 'ecdsa')];
  const watch =
    'while ! [ -e /run/stop ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; done > /run/seen';
  const watching = fleet.sh('three', watch);
  await writeFile(file('policy.json'), '{"shell": false}\n');
  const ended = await add(
    ...[target('three'), target('four'), '--password-file', file('password')],
    ...['--policy', file('policy.json')],
    ...trust.flatMap((one) => ['--fingerprint', one]),
  );
  await fleet.out('three', 'touch /run/stop');
  await watching;
  expect(ended, ended.text).toMatchObject({ code: 0 });
  for (const host of ['three', 'four'])
    expect(ended.text).toContain(`${target(host)}: node ${host} is Ready`);
  const seen = await fleet.out('three', 'cat /run/seen');
  expect(seen).toContain('https://198.18.0.1');
  expect(seen).not.toMatch(/DROVER_TOKEN=\S|correct horse/);
  // The policy was there before the node was.
  const policy = await fleet.out('four', 'cat /etc/drover/policy.json; stat -c %a%u /etc/drover/policy.json');
  expect(policy.trim()).toBe('{"shell": false}\n6440');
  const shell = await fleet.drover('shell', 'four', '--', 'true');
  expect(shell.stdout + shell.stderr).toContain('the policy of this node does not allow terminals');
  const run = await fleet.drover('run', '-n', '*', '--fold', '--', 'true');
  expect([run.code, run.stdout + run.stderr]).toEqual([0, expect.stringContaining('four,one,three,two')]);
});
