// The console in front of real hosts with systemd: they join by the very line that the page shows, and their services,
// journals and packages are theirs.
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gatewayAddress, Lab } from '../../../lab/index.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { waitFor } from '../../harness/wait.ts';

const hosts = { deb12: 'debian-12', el9: 'el-9' } as const;
const demo = `[Unit]
Description=A service of the test
[Service]
ExecStart=/bin/sh -c 'echo demo-begins; exec sleep 1000'
`;

let ground: ConsoleGround;
let lab: Lab;
beforeAll(async () => {
  if (isConsoleSkipped) return;
  lab = await Lab.open();
  ground = await ConsoleGround.start({ address: gatewayAddress });
  await lab.relay(ground.controller.port);
  await lab.relay(ground.controller.agentPort);
  for (const [name, release] of Object.entries(hosts)) await lab.up(name, release);
}, 240_000);
afterAll(async () => {
  await ground?.close();
  await lab?.close();
}, 60_000);
afterEach(() => ground?.expectNoErrors());

const button = (name: string): Locator => ground.page.getByRole('button', { name, exact: true });
const inDialog = (name: string): Locator => ground.page.getByRole('dialog').getByRole('button', { name });
const rowOf = (table: string, name: string): Locator =>
  ground.page.getByRole('grid', { name: table }).getByRole('row').filter({ hasText: name });

const stateOfDemo = async (): Promise<string> =>
  (await lab.exec('deb12', ['systemctl', 'is-active', 'demo'])).stdout.trim();

const act = async (action: string): Promise<void> => {
  await button('Actions on demo.service of deb12').click();
  await ground.page.getByRole('menuitem', { name: action, exact: true }).click();
};

describe.skipIf(isConsoleSkipped)('on hosts with systemd', () => {
  test('the line of the page is pasted on both, and they become Ready', async () => {
    await ground.open('/nodes/add');
    await ground.page.getByRole('spinbutton', { name: 'How many servers' }).fill('2');
    await button('Make token and line').click();
    const line = await ground.page.getByRole('textbox', { name: 'The line to paste' }).inputValue();
    for (const name of Object.keys(hosts))
      expect(await lab.exec(name, ['sh', '-c', line]), name).toMatchObject({ code: 0 });
    for (const name of Object.keys(hosts))
      await rowOf('Servers that arrive', name).getByText('Ready').waitFor();
  });

  test('a service is stopped after what is lost was named, started, and its journal read', async () => {
    await lab.exec('deb12', ['sh', '-c', 'cat > /etc/systemd/system/demo.service'], { input: demo });
    await lab.exec('deb12', ['systemctl', 'start', 'demo']);
    await ground.open('/nodes/name/deb12/services?q=demo');
    await rowOf('Services', 'demo.service').getByText('active (running)').waitFor();
    await ground.expectAccessible();
    await ground.picture('node-services-systemd');
    await act('Restart');
    await inDialog('Restart').click();
    await ground.page.getByText('demo.service: done').waitFor();
    await act('Journal');
    const entries = ground.page.getByRole('grid', { name: 'Journal' }).getByText('demo-begins');
    await waitFor('both beginnings in the journal', async () => (await entries.count()) === 2);
    await ground.expectAccessible();
    await ground.picture('node-journal');
    expect(ground.page.url()).toContain('unit=demo.service');
    await inDialog('Close').last().click();
    await act('Stop');
    await ground.page.getByText('What the service offers is gone until it is started again.').waitFor();
    await inDialog('Stop').click();
    await waitFor('the service to stop', async () => (await stateOfDemo()) === 'inactive');
  });

  test('what cannot be done is told in the words of the host', async () => {
    const broken = demo.replace(/ExecStart.*/, 'Type=oneshot\nExecStart=/bin/false');
    await lab.exec('deb12', ['sh', '-c', 'cat > /etc/systemd/system/demo.service'], { input: broken });
    await lab.exec('deb12', ['systemctl', 'daemon-reload']);
    await lab.exec('deb12', ['systemctl', 'start', 'demo']);
    await ground.open('/nodes/name/deb12/services?q=demo');
    await rowOf('Services', 'demo.service').getByText('failed (failed)').waitFor();
    await act('Start');
    await inDialog('Start').click();
    await ground.page
      .getByRole('dialog')
      .getByText(/on deb12: Job for demo.service failed/)
      .waitFor();
  });

  test('packages are asked for in the way of the host', async () => {
    await ground.open('/nodes/name/deb12/packages?q=systemd');
    await rowOf('Packages', 'systemd').first().waitFor();
    // A lab host of this family has rpm, and nothing that was installed with it.
    await ground.open('/nodes/name/el9/packages');
    await ground.page.getByRole('heading', { name: 'Its package database is empty' }).waitFor();
  });

  test('a terminal as another user opens as that user, and one that is not there says why', async () => {
    await ground.open('/nodes/name/deb12/terminal?user=nobody-there');
    await button('Open a terminal').click();
    await ground.page
      .getByText(/nobody-there/)
      .last()
      .waitFor();
    await button('Open it again').waitFor();
  });
});
