// Servers added over SSH from the browser: real hosts with systemd and sshd, which the controller reaches through a door
// on the loopback, as it is not in their network itself.
import { spawn } from 'node:child_process';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gatewayAddress, Lab } from '../../../lab/index.ts';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { nodeBinary } from '../../harness/controller.ts';

const password = 'correct horse';
const dial =
  "const s=require('net').connect(22,process.argv[1]);process.stdin.pipe(s);s.pipe(process.stdout);s.on('error',()=>process.exit(1))";

let ground: ConsoleGround;
let lab: Lab;
const doors: Server[] = [];
const ports: Record<string, number> = {};

const openDoor = async (name: string): Promise<void> => {
  const address = lab.hosts.find((host) => host.name === name)?.address ?? '';
  const door = createServer((socket) => {
    const [command = '', ...rest] = lab.networkArgv([nodeBinary, '-e', dial, address]);
    const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
    socket.pipe(child.stdin).on('error', () => socket.destroy());
    child.stdout.pipe(socket).on('error', () => child.kill());
    socket.on('close', () => child.kill());
  });
  doors.push(door);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  ports[name] = (door.address() as AddressInfo).port;
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  lab = await Lab.open();
  ground = await ConsoleGround.start({ address: gatewayAddress });
  await lab.relay(ground.controller.port);
  await lab.relay(ground.controller.agentPort);
  for (const name of ['ssh1', 'ssh2']) {
    await lab.up(name, 'debian-12');
    const allow = "echo 'PermitRootLogin yes' > /etc/ssh/sshd_config.d/lab.conf; systemctl restart ssh";
    await lab.exec(name, ['sh', '-c', `echo 'root:${password}' | chpasswd; ${allow}`]);
    await openDoor(name);
  }
}, 240_000);
afterAll(async () => {
  for (const door of doors) door.close();
  await ground?.close();
  await lab?.close();
}, 60_000);
afterEach(() => ground?.expectNoErrors());

const button = (name: string): Locator => ground.page.getByRole('button', { name, exact: true });
const fingerprintOf = async (name: string): Promise<string> =>
  (await lab.exec(name, ['ssh-keygen', '-lf', '/etc/ssh/ssh_host_ed25519_key.pub'])).stdout.split(' ')[1] ??
  '';

const fill = async (name: string, secret: string): Promise<void> => {
  await ground.open('/nodes/add/ssh');
  await ground.page.getByRole('textbox', { name: 'Servers' }).fill('127.0.0.1');
  await ground.page.getByRole('spinbutton', { name: 'Port' }).fill(String(ports[name]));
  await ground.page.getByRole('radio', { name: 'A password' }).check();
  await ground.page.locator('#ssh-password').fill(secret);
};
const servers = (): Locator => ground.page.getByRole('grid', { name: 'Servers', exact: true });

describe.skipIf(isConsoleSkipped)('servers over SSH from the browser', () => {
  test('the key is shown and confirmed, the server joins, and its Secret is gone', async () => {
    await fill('ssh1', password);
    await ground.expectAccessible();
    await ground.picture('ssh-form');
    await button('Begin').click();
    await ground.page
      .getByRole('grid', { name: 'Check host keys' })
      .getByText(await fingerprintOf('ssh1'))
      .waitFor();
    await ground.expectAccessible();
    await ground.picture('ssh-keys');
    await ground.inChinese('ssh-keys', '通过 SSH 加入的服务器');
    await button(`Confirm the key of 127.0.0.1:${ports['ssh1']}`).click();
    await servers().getByRole('link', { name: 'ssh1' }).waitFor({ timeout: 60_000 });
    await ground.page.reload();
    await servers().getByText('Ready', { exact: true }).waitFor();
    await ground.expectAccessible();
    await ground.picture('ssh-ready');
    expect((await drover(ground.controller, ['get', 'secrets', '-o', 'name'])).stdout).not.toContain('ssh-');
  });

  test('a wrong password is told, also after the controller was killed, and can be tried again', async () => {
    await fill('ssh2', 'battery staple');
    await button('Begin').click();
    await button(`Confirm the key of 127.0.0.1:${ports['ssh2']}`).waitFor();
    const page = ground.page.url();
    await ground.page.goto('about:blank');
    await ground.controller.kill9();
    await ground.controller.start();
    await ground.page.goto(page);
    await button(`Confirm the key of 127.0.0.1:${ports['ssh2']}`).click();
    await servers()
      .getByText(/accepts neither key nor password/)
      .waitFor();
    await button(`Try 127.0.0.1:${ports['ssh2']} again`).click();
    await servers().getByText('Connecting', { exact: true }).waitFor();
    await servers()
      .getByText(/accepts neither key nor password/)
      .waitFor();
    expect((await lab.exec('ssh2', ['ls', '/var/lib/drover'])).code).not.toBe(0);
    await ground.picture('ssh-failed');
  });
});
