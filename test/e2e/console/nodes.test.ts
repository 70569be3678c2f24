// The nodes of the console in a real browser, with real agents: joining, approving, choosing, and the page of one node.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../../harness/agents.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { waitFor } from '../../harness/wait.ts';

let ground: ConsoleGround;
let dir: string;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-console-nodes-'));
  ground = await ConsoleGround.start();
});
afterAll(async () => {
  for (const agent of agents) await agent.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});
afterEach(() => ground?.expectNoErrors());

const button = (name: string): Locator => ground.page.getByRole('button', { name, exact: true });
const field = (name: string): Locator => ground.page.getByRole('textbox', { name });
const menuItem = (name: string): Locator => ground.page.getByRole('menuitem', { name });
const grid = (name: string): Locator => ground.page.getByRole('grid', { name });
const rowOf = (table: string, name: string): Locator =>
  grid(table).getByRole('row').filter({ hasText: name });
/** Rows with fingerprints hold any two letters: the very name tells them apart. */
const named = (table: string, name: string): Locator =>
  grid(table)
    .getByRole('row')
    .filter({ has: ground.page.getByText(name, { exact: true }) });
const inDialog = (name: string): Locator =>
  ground.page.getByRole('dialog').getByRole('button', { name, exact: true });
const heading = (name: string): Promise<void> =>
  ground.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

/** What somebody pastes on a server, as far as tests may: the agent goes on from there in a folder of its own. */
const paste = async (line: string, name: string): Promise<AgentProcess> => {
  const token = /DROVER_TOKEN=(\S+)/.exec(line)?.[1] ?? '';
  const agent = new AgentProcess({ context: ground.controller.context, token, name, dir });
  agents.push(agent);
  await agent.join();
  return agent;
};

/** The line of a new token, made with what the form holds. */
const makeToken = async (): Promise<string> => {
  await button('Make token and line').click();
  return field('The line to paste').inputValue();
};

/**
 * The terminal is there, and its shell waits for somebody to type. One that is closed before may leave behind what its
 * profile was at, such as a lock that makes the next one wait a minute.
 */
const shellWaits = async (): Promise<void> => {
  await ground.page.getByText('Connected, recording').waitFor();
  await ground.page
    .getByRole('listitem')
    .filter({ hasText: /[#$] *$/ })
    .first()
    .waitFor();
};

/** It is whole: no grave fault of accessibility; pictures of it, in both languages. */
const showPage = async (name: string, chinese: string): Promise<void> => {
  await ground.expectAccessible();
  await ground.picture(name);
  await ground.inChinese(name, chinese);
};

describe.skipIf(isConsoleSkipped)('a new administrator', () => {
  test('makes a token, pastes its line on servers, and sees them become Ready', async () => {
    await ground.open('/nodes');
    await ground.page.getByRole('link', { name: 'Add servers' }).first().click();
    await heading('Add servers');
    await ground.page.getByRole('spinbutton', { name: 'How many servers' }).fill('3');
    await field('Label key').fill('rack');
    await field('Label value').fill('a');
    await button('Add label').click();
    const line = await makeToken();
    expect(line).toMatch(/^DROVER_TOKEN=\S+ python3 -c /);
    for (const name of ['n1', 'n2']) await paste(line, name);
    for (const name of ['n1', 'n2']) await named('Servers that arrive', name).getByText('Ready').waitFor();
    await rowOf('Enrolment tokens', 'join-').getByText('1 of 3').waitFor();
    expect(ground.page.url()).not.toContain(/\.(\S+)/.exec(line)?.[1]);
    await showPage('nodes-add', '添加服务器');
    await named('Servers that arrive', 'n1').getByRole('link', { name: 'n1' }).click();
    await heading('n1');
  });

  test('opens a terminal on one, types a command, and opens it again after its end', async () => {
    await ground.open('/nodes/name/n1');
    await ground.page.getByRole('tab', { name: 'Terminal' }).click();
    await button('Open a terminal').click();
    await shellWaits();
    await field('Terminal input').pressSequentially('echo $((6*7))-typed\n');
    await ground.page
      .getByRole('listitem')
      .filter({ hasText: /^42-typed/ })
      .waitFor();
    await ground.expectAccessible();
    await ground.picture('node-terminal');
    await field('Terminal input').pressSequentially('exit 3\n');
    await ground.page.getByText('The shell has ended with exit code 3').waitFor();
    await button('Open it again').click();
    await shellWaits();
    await button('Close').click();
    await button('Open a terminal').waitFor();
  });

  test('a terminal takes the size of the window, and what is pasted; what is chosen can be copied', async () => {
    const { page } = ground;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const line = (text: RegExp) => page.getByRole('listitem').filter({ hasText: text });
    const columns = async (mark: string): Promise<number> => {
      await field('Terminal input').pressSequentially(`echo ${mark}-$(stty size)\n`);
      const said = await line(new RegExp(`^${mark}-\\d`))
        .first()
        .textContent();
      return Number(said?.split(' ')[1]);
    };
    await ground.open('/nodes/name/n1/terminal');
    await button('Open a terminal').click();
    await shellWaits();
    const wide = await columns('wide');
    await page.setViewportSize({ width: 800, height: 800 });
    await expect.poll(() => columns('narrow'), { timeout: 20_000 }).toBeLessThan(wide);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.evaluate("navigator.clipboard.writeText('echo $((6*7))-pasted')");
    await field('Terminal input').focus();
    await page.keyboard.press('Control+Shift+V');
    await page.keyboard.press('Enter');
    const pasted = line(/^42-pasted/);
    await pasted.waitFor();
    const place = await pasted.boundingBox();
    await page.mouse.dblclick((place?.x ?? 0) + 12, (place?.y ?? 0) + (place?.height ?? 0) / 2);
    await page.keyboard.press('Control+Shift+C');
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toMatch(/^42-pasted/);
    await button('Close').click();
  });

  test('colours of a terminal are shown under the policy of the page', async () => {
    await ground.open('/nodes/name/n1/terminal');
    await button('Open a terminal').click();
    await shellWaits();
    await field('Terminal input').pressSequentially(
      "printf '\\033[38;2;1;200;3mtrue-%s\\033[0m\\n' colour\n",
    );
    await ground.page
      .getByRole('listitem')
      .filter({ hasText: /^true-colour/ })
      .waitFor();
    // The console's own words for what it would not let in are errors of the page (afterEach).
    await button('Close').click();
  });
});

describe.skipIf(isConsoleSkipped)('the list of nodes', () => {
  test('shows what each uses, and is filtered by words, labels and status in the address', async () => {
    await ground.open('/nodes');
    await rowOf('Nodes', 'n1').getByRole('progressbar', { name: 'CPU n1' }).waitFor();
    await rowOf('Nodes', 'n1').getByRole('progressbar', { name: 'Memory n1' }).waitFor();
    await showPage('nodes-list', '节点');
    await field('Filter by a label selector').fill('rack=b');
    await ground.page.getByRole('heading', { name: 'Nothing matches the filter' }).waitFor();
    await field('Filter by a label selector').fill('rack in (a,');
    await ground.page.getByText(/cannot read the label selector/).waitFor();
    await ground.open('/nodes?labels=rack%3Da&q=n2&state=ready');
    await rowOf('Nodes', 'n2').waitFor();
    expect(await rowOf('Nodes', 'n1').count()).toBe(0);
  });

  test('a filter is saved under a name, taken, and forgotten', async () => {
    await ground.open('/nodes?q=n2');
    await button('Saved filters').click();
    await menuItem('Save this filter').click();
    await field('Name').fill('second');
    await inDialog('Save').click();
    await ground.open('/nodes');
    await rowOf('Nodes', 'n1').waitFor();
    await button('Saved filters').click();
    await menuItem('second').first().click();
    await rowOf('Nodes', 'n1').waitFor({ state: 'detached' });
    expect(ground.page.url()).toContain('q=n2');
    await button('Saved filters').click();
    await menuItem('Forget "second"').click();
    await button('Saved filters').click();
    await menuItem('Nothing saved yet').waitFor();
  });

  test('chosen nodes are kept in the address, and go to a new run', async () => {
    await ground.open('/nodes');
    await ground.page.getByRole('checkbox', { name: 'Select n1' }).check();
    await ground.page.getByRole('checkbox', { name: 'Select n2' }).check();
    await waitFor('the address', () => ground.page.url().includes('chosen=n%5B1-2%5D'));
    await ground.page.reload();
    await button('Run a command').click();
    await ground.page.waitForURL(/\/runs\/new\?nodes=n%5B1-2%5D/);
  });

  test('labels of many are changed at once, and one is cordoned and back', async () => {
    await ground.open('/nodes?chosen=n%5B1-2%5D');
    await button('2 selected').click();
    await menuItem('Edit labels').click();
    await ground.expectAccessible();
    await ground.picture('nodes-labels');
    await button('Remove the label rack=a').click();
    await field('Label key').fill('env');
    await field('Label value').fill('test');
    await button('Add label').click();
    await inDialog('Save').click();
    await ground.page.getByText('The labels of 2 nodes are changed').waitFor();
    await ground.open('/nodes?labels=env%3Dtest,!rack&chosen=n1');
    await rowOf('Nodes', 'n2').waitFor();
    for (const [action, then] of [
      ['Cordon', 'Cordoned'],
      ['Uncordon', 'Ready'],
    ] as const) {
      await button('1 selected').click();
      await ground.page.getByRole('menuitem', { name: action, exact: true }).click();
      await inDialog(action).click();
      await rowOf('Nodes', 'n1').getByText(then).waitFor();
    }
  });
});

describe.skipIf(isConsoleSkipped)('the queue of who waits', () => {
  test('shows the key that the server shows, lets one in and turns another away', async () => {
    await ground.open('/nodes/add');
    await ground.page.getByRole('spinbutton', { name: 'How many servers' }).fill('2');
    await ground.page.getByText('Let them in without asking').click();
    const line = await makeToken();
    const [good] = await Promise.all([paste(line, 'n3'), paste(line, 'n4')]);
    await named('Servers that arrive', 'n3').getByRole('link', { name: 'Waits for approval' }).click();
    await heading('Waiting to join');
    await named('Waiting to join', 'n4').waitFor();
    await showPage('nodes-requests', '等待加入');
    await named('Waiting to join', 'n3')
      .getByText(/SHA256:/)
      .waitFor();
    const shown = (await named('Waiting to join', 'n3').textContent()) ?? '';
    const print = /SHA256:[A-Za-z0-9+/]{43}/.exec(shown)?.[0] ?? '-';
    await expect.poll(() => good.log()).toContain(print);
    expect(shown).toContain('127.0.0.1');
    const select = (name: string): Promise<void> =>
      named('Waiting to join', name).getByRole('checkbox').check();
    await select('n3');
    await button('Approve').click();
    await ground.page.getByRole('dialog').getByText(print).waitFor();
    await ground.picture('nodes-approve');
    await inDialog('Approve').click();
    await ground.page.getByText('1 server may join').waitFor();
    await select('n4');
    await button('Reject').click();
    await inDialog('Reject').click();
    await ground.page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
    await ground.open('/nodes');
    await rowOf('Nodes', 'n3').getByText('Ready').waitFor();
    expect(await rowOf('Nodes', 'n4').count()).toBe(0);
  });

  test('a token is revoked', async () => {
    await ground.open('/nodes/add');
    const [name = ''] = (await makeToken()).replace('DROVER_TOKEN=', '').split('.');
    await button(`Revoke ${name}`).click();
    await inDialog('Revoke').click();
    await rowOf('Enrolment tokens', name).getByText('Revoked').waitFor();
  });
});

describe.skipIf(isConsoleSkipped)('the page of a node', () => {
  test.each([
    ['details', 'Machine', '机器'],
    ['certificate', 'Certificate', '证书'],
  ])('%s: facts in words', async (tab, part) => {
    await ground.open(`/nodes/name/n1/${tab}`);
    await ground.page.getByRole('heading', { level: 2, name: part }).waitFor();
    if (tab === 'details') await grid('File systems').waitFor();
    else await ground.page.getByText('Serial number').waitFor();
    await showPage(`node-${tab}`, 'n1');
  });

  test('metrics: a line for each measure, which goes on with each heartbeat', async () => {
    await ground.open('/nodes/name/n1/metrics');
    await ground.page.getByRole('img', { name: /^CPU: now \d+%/ }).waitFor();
    await ground.page.getByText(/^2 heartbeats, live/).waitFor();
    await showPage('node-metrics', 'n1');
  });

  test('packages: as a run of the console, which the list of runs leaves out until asked', async () => {
    await ground.open('/nodes/name/n1/packages');
    await field('Filter by name or version').fill('bash');
    await rowOf('Packages', 'bash').first().waitFor();
    await showPage('node-packages', 'n1');
    await ground.open('/nodes/name/n1/runs');
    await ground.page.getByRole('heading', { name: 'Nothing has been run here' }).waitFor();
    await ground.page.getByText('Show what this console has asked itself').click();
    await rowOf('Runs', 'console-packages-').first().getByText('Succeeded').waitFor();
    await showPage('node-runs', 'n1');
  });

  test('services: says so where there is no systemd', async () => {
    await ground.open('/nodes/name/n1/services');
    await ground.page.getByRole('heading', { name: 'This server has no systemd' }).waitFor();
    await showPage('node-services', 'n1');
  });

  test('events, and a node that is not there', async () => {
    await ground.open('/nodes/name/n1/events');
    await grid('Events').waitFor();
    await showPage('node-events', 'n1');
    await ground.open('/nodes/name/nobody');
    await ground.page.getByRole('heading', { name: 'There is no node nobody' }).waitFor();
  });

  test('the agent is told to update, and the node is deleted after its loss was named', async () => {
    await ground.open('/nodes/name/n3');
    await button('Actions').click();
    await menuItem('Update the agent').click();
    await inDialog('Update the agent').click();
    await ground.page.getByText('The agent of 1 node is told to update').waitFor();
    await button('Actions').click();
    await menuItem('Delete').click();
    await ground.page.getByText(/Of n3 these are lost: the certificate/).waitFor();
    await ground.expectAccessible();
    await ground.picture('node-delete');
    await inDialog('Delete').click();
    await heading('Nodes');
    await rowOf('Nodes', 'n3').waitFor({ state: 'detached' });
  });
});
