// The controller as a service: its packages are built, installed without a network, started, killed, upgraded and removed on
// real hosts with systemd. Nothing of the unit is changed for the hosts: its whole sandbox holds there as on real machines.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from '../../lab/index.ts';
import { buildPackages, PackageHost, packageIn, type Sort } from '../harness/package-host.ts';
import { waitFor } from '../harness/wait.ts';

let lab: Lab;
let work: string;
const folder = (name: string): string => join(work, name);

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'drover-packages-'));
  process.stdout.write(await buildPackages(['--out', folder('first')], '022'));
  await buildPackages(['--out', folder('again')], '077');
  await buildPackages(['--out', folder('next'), '--version', '99.0.0'], '022');
  lab = await Lab.open();
}, 480_000);
afterAll(async () => {
  await lab?.close();
  await rm(work, { recursive: true, force: true });
});

test.each(['deb', 'rpm'] as const)('the same sources make the same %s, to the byte', async (sort) => {
  const [first, again] = await Promise.all(
    ['first', 'again'].map((name) => readFile(packageIn(folder(name), sort))),
  );
  expect(first?.equals(again ?? Buffer.of())).toBe(true);
});

describe.each(['deb', 'rpm'] as const)('the %s', (sort: Sort) => {
  let host: PackageHost;
  beforeAll(async () => {
    host = await PackageHost.boot(lab, sort);
  });
  const users = () => host.out('drover user list -o name');

  test('installs without a network, makes its user, and enables and starts nothing', async () => {
    const said = await host.install(packageIn(folder('first'), sort), 'install');
    expect(said).toContain('systemctl enable --now drover-controller');
    expect((await host.sh('systemctl is-enabled drover-controller')).stdout).toBe('disabled\n');
    expect((await host.sh('systemctl is-active drover-controller')).stdout).toBe('inactive\n');
    expect(await host.out('getent passwd drover')).toMatch(/:\/var\/lib\/drover-controller:\S*nologin$/);
    const changed = (await host.run('verify'))
      .split('\n')
      .filter((line) => !/^missing.* \/usr\/share\/(doc|man)\//.test(line));
    expect(changed.join('')).toBe('');
    const unwanted = '-name "*.test.ts" -not -path "*/node_modules/*" -o -name vite -o -name typescript';
    expect(await host.out(`find /usr/lib/drover ${unwanted}`)).toBe('');
  });

  test('starts with what controller.conf says, and the link of a fresh administrator signs in', async () => {
    await host.out(`echo 'DROVER_OPTIONS="--address 127.0.0.2 --log-mb 1"' >> /etc/drover/controller.conf`);
    await host.out('systemctl enable --now drover-controller');
    expect(await host.out('systemctl is-active drover-controller')).toBe('active');
    const journal = await host.out('journalctl -u drover-controller -o cat');
    expect(journal).toMatch(/Drover is ready .*https:\/\/127\.0\.0\.2:7443/);
    expect(journal).not.toContain('link=');
    const link = await host.out('drover user link admin');
    expect(link).toMatch(/^https:\/\/127\.0\.0\.2:7443\/sign-in\?link=/);
    const pin = /CA pin ([0-9a-f]{64})/.exec(journal)?.[1];
    const as = 'env HOME=/tmp/somebody';
    await host.out(`${as} drover login --link '${link}' --ca-pin ${pin}`);
    expect((await host.sh(`${as} drover nodes`)).code).toBe(0);
    expect(await host.out(`${as} drover context show`)).toContain('127.0.0.2');
  });

  test('others than root are told to sign in', async () => {
    const done = await host.sh('setpriv --reuid=65534 --clear-groups env HOME=/tmp/nobody drover nodes');
    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('nobody is signed in')]);
  });

  test('its sandbox holds: nothing but its own data can be written, no home be seen, no right be had', async () => {
    const pid = await host.pid();
    const inside = (script: string) => host.sh(`nsenter -t ${pid} -m -- sh -c '${script}'`);
    for (const place of ['/etc/x', '/usr/x', '/var/lib/x', '/usr/lib/drover/x'])
      expect((await inside(`touch ${place}`)).stderr, place).toContain('Read-only file system');
    expect((await inside('ls /home /root')).stdout.trim()).toBe('/home:\n\n/root:');
    const status = await host.out(`cat /proc/${pid}/status`);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    const said = await host.out('systemd-analyze security drover-controller --no-pager');
    process.stdout.write(`${sort}: ${said.split('\n').at(-1)}\n`);
    expect(said).toMatch(/Overall exposure level for drover-controller\.service: [01]\.\d OK/);
  });

  test('killed with -9 it is back with its data', async () => {
    await host.out('drover user create kept');
    const before = await host.pid();
    await host.out(`kill -9 ${before}`);
    await host.isBack(before);
    expect(await users()).toContain('kept');
  });

  test('one that hangs is ended and started again', async () => {
    const unit = '/run/systemd/system/drover-controller.service.d';
    await host.out(
      `mkdir -p ${unit}; printf '[Service]\\nWatchdogSec=3\\nTimeoutAbortSec=1\\n' > ${unit}/x.conf`,
    );
    await host.out('systemctl daemon-reload; systemctl restart drover-controller');
    const before = await host.pid();
    await host.out(`kill -STOP ${before}`);
    await host.isBack(before);
    expect(await host.out('journalctl -u drover-controller -o cat')).toContain('Watchdog timeout');
    await host.out(`rm -r ${unit}; systemctl daemon-reload; systemctl restart drover-controller`);
    expect(await users()).toContain('kept');
  });

  test('an upgrade keeps data and options, and what ran runs on with the new version', async () => {
    const before = await host.pid();
    await host.install(packageIn(folder('next'), sort), 'upgrade');
    await host.isBack(before);
    expect(await host.out('drover version')).toMatch(/^drover 99\.0\.0 .*\ncontroller 99\.0\.0 /);
    expect(await users()).toContain('kept');
    expect(await host.out('drover user link admin')).toContain('https://127.0.0.2:7443/');
    expect(await host.out('systemctl is-enabled drover-controller')).toBe('enabled');
  });

  test('a removal ends it and leaves the data; a purge takes it', async () => {
    const pid = await host.pid();
    await host.run('remove');
    await waitFor('the process to end', async () => (await host.sh(`test -e /proc/${pid}`)).code !== 0);
    expect((await host.sh('ls -d /usr/lib/drover /usr/bin/drover')).stdout).toBe('');
    expect(await host.out('ls /var/lib/drover-controller')).toBe('data\ndata.key');
    const saved = sort === 'deb' ? 'controller.conf' : 'controller.conf.rpmsave';
    expect(await host.out('ls /etc/drover')).toBe(saved);
    if (sort !== 'deb') return; // rpm knows no purge: docs/user/install.md says what to remove
    await host.out('dpkg -P drover-controller');
    const left = 'ls -d /var/lib/drover* /var/cache/drover* /etc/drover /etc/systemd/system/*/drover*';
    expect((await host.sh(left)).stdout).toBe('');
  });
});
