// Terminals through the controller as a person uses them, and what a server refuses by its own policy.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LabFleet } from '../harness/lab-fleet.ts';
import { Pty } from '../harness/pty.ts';
import { waitFor } from '../harness/wait.ts';

let fleet: LabFleet;
const open: Pty[] = [];

beforeAll(async () => {
  fleet = await LabFleet.open({ hosts: { one: 'debian-12', two: 'debian-13' } });
  for (const host of ['one', 'two']) await fleet.join(host);
  await fleet.out('one', 'useradd -m -s /bin/bash anna');
});
afterEach(() => {
  for (const pty of open.splice(0)) pty.close();
});
afterAll(() => fleet?.close());

const shell = (...args: string[]): Pty => {
  const pty = Pty.drover(fleet.controller, 'shell', ...args);
  open.push(pty);
  return pty;
};
interface Recorded {
  readonly id: string;
  readonly node: string;
  readonly user: string;
}
const recordings = async (): Promise<readonly Recorded[]> =>
  JSON.parse((await fleet.drover('recordings', 'list', '-o', 'json')).stdout) as Recorded[];

test('a shell is a terminal: it answers, follows the window, takes Ctrl-C, and hands on its exit code', async () => {
  const pty = shell('one');
  await pty.shows(/# $/);
  pty.type('echo $((6 * 7)) $(id -un) $(tty)\r');
  await pty.shows(/42 root \/dev\/pts\/\d/);
  pty.type('stty size\r');
  await pty.shows(/24 80\s/);
  pty.resize(132, 43);
  await waitFor('the new size', () => {
    pty.type('stty size\r');
    return pty.shown.includes('43 132');
  });
  pty.type('sleep 600\r');
  await waitFor('the command to run', async () => (await fleet.sh('one', 'pgrep -x sleep')).code === 0);
  pty.type('\x03');
  await waitFor('the command to end', async () => (await fleet.sh('one', 'pgrep -x sleep')).code === 1);
  pty.type('exit 3\r');
  expect(await pty.ended).toBe(3);
});

test('a shell is the user that was asked for, at home and with a terminal of its own', async () => {
  const script = 'echo $(id -un):$PWD:$HOME; test -w "$(tty)" && echo writable; exit 5';
  const pty = shell('--user', 'anna', 'one', '--', 'sh', '-c', script);
  expect(await pty.ended).toBe(5);
  expect(pty.shown).toContain('anna:/home/anna:/home/anna');
  expect(pty.shown).toContain('writable');
  const login = shell('one', '--user', 'anna');
  await login.shows(/\$ $/);
  login.type('shopt login_shell; logout\r');
  expect(await login.ended).toBe(0);
  expect(login.shown).toMatch(/login_shell\s+on/);
});

test('what cannot be opened is said, how a shell was killed, and no more: who lets go of its terminal is let be', async () => {
  const cases = [
    [['--user', 'nobody-here', 'one'], /nobody-here/],
    [['no-such-node'], /no-such-node/],
    [['one', '--', '/no/such/program'], /cannot start \/no\/such\/program: No such file/],
    [['one', '--', 'no-such-program'], /cannot start no-such-program: no such file/],
  ] as const;
  for (const [args, words] of cases) {
    const pty = shell(...args);
    expect([await pty.ended, pty.shown]).toEqual([expect.any(Number), expect.stringMatching(words)]);
    expect(await pty.ended).not.toBe(0);
  }
  const closing = shell('one', '--', 'sh', '-c', 'exec <&- >&- 2>&-; sleep 0.5; exit 4');
  expect([await closing.ended, closing.shown]).toEqual([4, '']);
  const killed = shell('one', '--', 'sh', '-c', 'kill -9 $$');
  expect([await killed.ended, killed.shown]).toEqual([137, expect.stringContaining('killed by signal 9')]);
});

test('a shell is recorded, without what is typed unseen, and can be played again', async () => {
  const pty = shell('one');
  await pty.shows(/# $/);
  pty.type('read -s secret; echo got $(echo -n "$secret" | wc -c)\r');
  await pty.shows(/read -s secret/);
  // The line has been read once the terminal does not echo any more.
  await waitFor('the echo to end', async () =>
    (await fleet.sh('one', 'for t in /dev/pts/[0-9]*; do stty -F $t; done')).stdout.includes('-echo '),
  );
  pty.type('hunter2\r');
  await pty.shows(/got 7/);
  pty.type('exit\r');
  expect(await pty.ended).toBe(0);
  const [newest] = await recordings();
  expect(newest).toMatchObject({ node: 'one', user: 'admin' });
  const id = newest?.id ?? '';
  const replayed = await fleet.drover('recordings', 'replay', id, '--speed', '1000', '--max-pause', '0');
  expect(replayed.stdout).toContain('got 7');
  const raw = await fleet.drover('recordings', 'replay', id, '--raw');
  expect(JSON.parse(raw.stdout.split('\n')[0] ?? '')).toMatchObject({ version: 2, width: 80, height: 24 });
  expect(raw.stdout).not.toContain('hunter2');
});

test('a terminal whose agent dies ends and says so; nothing goes on behind it', async () => {
  const pty = shell('one', '--', 'sleep', '4243');
  await waitFor('it to run', async () => (await fleet.sh('one', 'pgrep -f "sleep 424[3]"')).code === 0);
  await fleet.out('one', 'systemctl kill --kill-who=main -s KILL drover-agent');
  expect(await pty.ended).not.toBe(0);
  expect(pty.shown).toMatch(/terminal ended: the connection to the node ended/);
  await waitFor('it to end', async () => (await fleet.sh('one', 'pgrep -f "sleep 424[3]"')).code === 1);
  await waitFor('one to be back', async () => (await fleet.agent('one')).connected);
});

test('a server refuses what its own policy does not allow, whoever asks', async () => {
  const policy = { commands: [['echo', 'allowed'], ['uptime']], paths: ['/srv'] };
  await fleet.out(
    'two',
    `mkdir -p /etc/drover && echo '${JSON.stringify(policy)}' > /etc/drover/policy.json`,
  );
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await fleet.drover(...args);
    return { code, text: stdout + stderr };
  };
  const word = 'policy of this node does not allow';
  expect(await said('run', '-n', 'two', '--', 'echo', 'allowed', 'this')).toMatchObject({ code: 0 });
  const refused = await said('run', '-n', 'two', '--', 'echo', 'not this');
  expect(refused).toEqual({ code: 1, text: expect.stringMatching(/never.started/) });
  expect(refused.text).toContain(`${word} this command`);
  const env = await said('run', '-n', 'two', '--env', 'PATH=/tmp', '--', 'uptime');
  expect(env).toEqual({ code: 1, text: expect.stringContaining(`${word} PATH`) });
  await writeFile(join(fleet.work, 'file'), 'text');
  expect(await said('push', 'file', ':/srv/file', '-n', 'two')).toMatchObject({ code: 0 });
  const pushed = await said('push', 'file', ':/etc/cron.d/file', '-n', 'two');
  expect(pushed).toEqual({ code: 1, text: expect.stringContaining(`${word} transfers`) });
  expect((await fleet.sh('two', 'cat /srv/file; ls /etc/cron.d/file')).stdout).toBe('text');
  const pty = shell('two');
  expect([await pty.ended, pty.shown]).toEqual([
    expect.any(Number),
    expect.stringContaining(`${word} terminals`),
  ]);
  await fleet.out('two', "echo '{not json' > /etc/drover/policy.json");
  const broken = await said('run', '-n', 'two', '--', 'echo', 'allowed');
  expect(broken).toEqual({
    code: 1,
    text: expect.stringContaining('policy file of this node cannot be read'),
  });
  await fleet.out('two', 'rm /etc/drover/policy.json');
  expect(await said('run', '-n', 'two', '--', 'id')).toMatchObject({ code: 0 });
});
