import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress, Lab } from '../../lab/index.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
  await lab.up('n1');
  await lab.up('n2');
});
afterAll(() => lab.close());

const ping = async (): Promise<number> =>
  (await lab.exec('n1', ['ping', '-c1', '-W1', lab.hosts[1]?.address ?? ''])).code;

test('a lab host runs systemd and reaches its neighbour', async () => {
  expect((await lab.exec('n1', ['cat', '/proc/1/comm'])).stdout.trim()).toBe('systemd');
  expect(await ping()).toBe(0);
});

test('a lab host cannot set the clock of this machine', async () => {
  const before = Date.now();
  expect((await lab.exec('n1', ['date', '-s', '2020-01-01'])).code).not.toBe(0);
  expect(Date.now()).toBeGreaterThanOrEqual(before);
});

test('hosts that boot at the same time have addresses of their own', async () => {
  await Promise.all(['n3', 'n4'].map((name) => lab.up(name)));
  const addresses = lab.hosts.map(({ address }) => address);
  expect(new Set(addresses).size).toBe(4);
  for (const address of addresses)
    expect((await lab.exec('n1', ['ping', '-c1', '-W1', address])).code).toBe(0);
  await Promise.all(['n3', 'n4'].map((name) => lab.down(name)));
});

test('a cut host is silent until it is healed', async () => {
  await lab.cut('n2');
  expect(await ping()).not.toBe(0);
  await lab.heal('n2');
  expect(await ping()).toBe(0);
});

test('the way out of a host stays the same while others come and go', async () => {
  const gatewayMac = async () => {
    await lab.exec('n1', ['ping', '-c1', '-W1', gatewayAddress]);
    const arp = (await lab.exec('n1', ['cat', '/proc/net/arp'])).stdout;
    return new RegExp(`^${gatewayAddress} .*?(([0-9a-f]{2}:){5}[0-9a-f]{2})`, 'm').exec(arp)?.[1];
  };
  // a bridge without an address of its own takes the lowest of its ports, and changes it with them
  expect(await gatewayMac()).toBe('02:00:c6:12:00:01');
  await lab.powerCycle('n2');
  expect(await gatewayMac()).toBe('02:00:c6:12:00:01');
});

test('a power cycle keeps the disk and changes the boot id', async () => {
  const bootId = async () => (await lab.exec('n1', ['cat', '/proc/sys/kernel/random/boot_id'])).stdout;
  const before = await bootId();
  await lab.exec('n1', ['sh', '-c', 'echo kept > /root/kept; sync']);
  await lab.powerCycle('n1');
  expect(await bootId()).not.toBe(before);
  expect((await lab.exec('n1', ['cat', '/root/kept'])).stdout).toBe('kept\n');
});

test('a reboot from inside comes back by itself', async () => {
  const bootId = async () => (await lab.exec('n2', ['cat', '/proc/sys/kernel/random/boot_id'])).stdout;
  const before = await bootId();
  await lab.exec('n2', ['systemctl', 'reboot']);
  await lab.waitFor(async () => {
    const now = await bootId();
    return now !== '' && now !== before;
  }, 'n2 to reboot');
});

test('nothing is left when the process that opened a lab is killed with -9', async () => {
  const code = `import { Lab } from ${JSON.stringify(join(import.meta.dirname, '../../lab/index.ts'))};
const lab = await Lab.open(); await lab.up('victim'); console.log(process.pid); setInterval(() => {}, 1000);`;
  const runner = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<string>((resolve) =>
    createInterface({ input: runner.stdout }).once('line', resolve),
  );
  const cgroups = () =>
    ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].filter(existsSync).flatMap((root) => readdirSync(root));
  expect(cgroups()).toContain(`drover-lab-${pid}`);
  runner.kill('SIGKILL');
  const deadline = performance.now() + 10_000;
  while (cgroups().includes(`drover-lab-${pid}`) && performance.now() < deadline) await delay(50);
  expect(cgroups()).not.toContain(`drover-lab-${pid}`);
});
