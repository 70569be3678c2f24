// Files in the console, in a real browser, with real agents: the files of a node, pushes and pulls.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../../harness/agents.ts';
import { drover as cli } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { createOwnViews, type OwnViews } from '../../harness/own-view.ts';
import { waitFor } from '../../harness/wait.ts';

let ground: ConsoleGround;
let page: Page;
let dir: string;
let views: OwnViews;
const agents: AgentProcess[] = [];

const drover = async (...args: string[]): Promise<string> => {
  const done = await cli(ground.controller, args, { cwd: dir });
  expect(done, `${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

/** Where a path of that node really is. */
const on = (node: string, below: string): string => join(views.directoryOf(node), below);

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-console-files-'));
  views = await createOwnViews(dir);
  ground = await ConsoleGround.start();
  page = ground.page;
  const made = await drover('token', 'create', '--uses', '2', '-o', 'json');
  const token = /DROVER_TOKEN=['"]?([^\s'"]+)/.exec(made)?.[1] ?? '';
  for (const name of ['n1', 'n2']) {
    const python = await views.pythonOf(name);
    const agent = new AgentProcess({
      context: ground.controller.context,
      token,
      name,
      dir: join(dir, 'agents'),
      python,
    });
    agents.push(agent);
    await agent.join();
  }
  const isReady = async () => ((await drover('nodes')).match(/\bReady\b/g) ?? []).length === 2;
  await waitFor('the agents to be ready', isReady, 60_000);
}, 120_000);
afterAll(async () => {
  for (const agent of agents) await agent.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const heading = (name: string) => page.getByRole('heading', { name, exact: true }).first().waitFor();
const button = (name: string) => page.getByRole('button', { name, exact: true });
const link = (name: string) => page.getByRole('link', { name, exact: true });
const field = (name: string) => page.getByRole('textbox', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const toast = (text: string) => page.getByText(text).first().waitFor();

/** Looks at the page as it is, and leaves it as it was. */
const look = async (name: string, english: string, chinese: string): Promise<void> => {
  await heading(english);
  await ground.expectAccessible();
  await ground.picture(name);
  await ground.inChinese(name, chinese);
  await heading(english);
  ground.expectNoErrors();
};

/** Looks at a form, whose chosen files would not outlive another language. */
const lookAtForm = async (name: string): Promise<void> => {
  await ground.expectAccessible();
  await ground.picture(name);
  ground.expectNoErrors();
};

/** Writes over all that is in the editor. */
const write = async (name: string, text: string): Promise<void> => {
  const editor = field(`Text of ${name}`);
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
};

/** Through the browser's own dialog. */
const choose = async (name: string, path: string): Promise<void> => {
  const chooser = page.waitForEvent('filechooser');
  await button(name).click();
  await (await chooser).setFiles(path);
};

const openFiles = (node: string, below: string): Promise<void> =>
  ground.open(`/nodes/name/${node}/files?path=${encodeURIComponent(join(views.path, below))}`);

/** One row's menu, and what is chosen from it. */
const fromMenu = async (name: string, item: string): Promise<void> => {
  await button(`Actions for ${name}`).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};

describe.skipIf(isConsoleSkipped)('the files of a node in the console', () => {
  test('directories are browsed: folders first, links told, names of any bytes', {
    timeout: 60_000,
  }, async () => {
    await mkdir(on('n1', 'etc/conf.d'), { recursive: true });
    await writeFile(on('n1', 'etc/motd'), 'welcome\n');
    await writeFile(on('n1', 'etc/.hidden'), '');
    await symlink('conf.d', on('n1', 'etc/link'));
    await writeFile(Buffer.concat([Buffer.from(`${on('n1', 'etc')}/odd-`), Buffer.from([0xff])]), 'x');
    await openFiles('n1', 'etc');
    await link('conf.d').waitFor();
    await link('odd-%FF').waitFor();
    await page.getByText('→ conf.d').waitFor();
    expect(await link('.hidden').count()).toBe(0);
    await page.getByRole('checkbox', { name: 'Hidden files' }).click();
    await link('.hidden').waitFor();
    await look('node-files', 'n1', 'n1');
    await link('conf.d').click();
    await page.getByText('This directory is empty').waitFor();
    await field('Path on the server').fill('/no/such/place');
    await button('Go').click();
    await heading('/no/such/place is not there');
    ground.expectNoErrors();
  });

  test('a text is edited: its diff is shown before it is saved, mode and owner stay', {
    timeout: 60_000,
  }, async () => {
    await mkdir(on('n1', 'edit'), { recursive: true });
    await writeFile(on('n1', 'edit/app.conf'), 'port = 80\nname = a\n', { mode: 0o640 });
    await chown(on('n1', 'edit/app.conf'), 12, 13);
    await openFiles('n1', 'edit/app.conf');
    await page.getByText('port = 80').waitFor();
    await look('node-file', 'n1', 'n1');
    await button('Edit').click();
    await write('app.conf', 'port = 8080\nname = a\n');
    await button('Review and save').click();
    await dialog().getByText('+port = 8080').waitFor();
    await dialog().getByText('-port = 80', { exact: true }).waitFor();
    await ground.expectAccessible();
    await ground.picture('node-file-diff');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await toast('app.conf saved on n1');
    const { mode, uid, gid } = await stat(on('n1', 'edit/app.conf'));
    expect([mode & 0o777, uid, gid]).toEqual([0o640, 12, 13]);
    expect(await readFile(on('n1', 'edit/app.conf'), 'utf8')).toBe('port = 8080\nname = a\n');
    await page.getByText('port = 8080').waitFor();
    ground.expectNoErrors();
  });

  test('what somebody else wrote meanwhile is told, and not overwritten unknowingly', {
    timeout: 60_000,
  }, async () => {
    await writeFile(on('n1', 'edit/shared'), 'one\n');
    await openFiles('n1', 'edit/shared');
    await button('Edit').click();
    await write('shared', 'mine\n');
    await writeFile(on('n1', 'edit/shared'), 'theirs\n');
    await button('Review and save').click();
    await heading('Warning alert: The file has changed on the server since you opened it');
    await ground.expectAccessible();
    await ground.picture('node-file-conflict');
    expect(await readFile(on('n1', 'edit/shared'), 'utf8')).toBe('theirs\n');
    await button('Show what saving mine would change now').click();
    await dialog().getByText('-theirs').waitFor();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await toast('shared saved on n1');
    expect(await readFile(on('n1', 'edit/shared'), 'utf8')).toBe('mine\n');
    ground.expectNoErrors();
  });

  test('files are uploaded, renamed, downloaded and deleted', { timeout: 90_000 }, async () => {
    await mkdir(on('n1', 'depot'), { recursive: true });
    await writeFile(join(dir, 'notes.txt'), 'first\n');
    await openFiles('n1', 'depot');
    await choose('Upload files', join(dir, 'notes.txt'));
    await link('notes.txt').waitFor();
    await writeFile(join(dir, 'notes.txt'), 'second\n');
    await choose('Upload files', join(dir, 'notes.txt'));
    await dialog().getByText('notes.txt').waitFor();
    await dialog().getByRole('button', { name: 'Replace' }).click();
    await waitFor(
      'the second text',
      async () => (await readFile(on('n1', 'depot/notes.txt'), 'utf8')) === 'second\n',
    );
    await button('New directory').click();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('100% 中');
    await dialog().getByRole('button', { name: 'Make' }).click();
    await link('100% 中').waitFor();
    await look('node-upload', 'n1', 'n1');
    await fromMenu('notes.txt', 'Rename');
    await dialog().getByRole('textbox', { name: 'Name' }).fill('renamed.txt');
    await dialog().getByRole('button', { name: 'Rename' }).click();
    await link('renamed.txt').waitFor();
    const saved = page.waitForEvent('download');
    await fromMenu('renamed.txt', 'Download');
    expect(await readFile(await (await saved).path(), 'utf8')).toBe('second\n');
    await fromMenu('renamed.txt', 'Delete');
    await dialog().getByText('is lost for good').waitFor();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await toast('renamed.txt deleted');
    expect(await readdir(on('n1', 'depot'))).toEqual(['100% 中']);
    ground.expectNoErrors();
  });

  test('10,000 files are a page of those in sight', { timeout: 60_000 }, async () => {
    await mkdir(on('n1', 'many'));
    for (let i = 0; i < 10_000; i += 1) writeFileSync(on('n1', `many/file-${i}`), '');
    await openFiles('n1', 'many');
    await page.getByText('10000 rows').waitFor({ timeout: 40_000 });
    expect(await page.getByRole('row').count()).toBeLessThan(100);
    await page.getByRole('textbox', { name: 'Filter by name' }).fill('file-9999');
    await link('file-9999').waitFor();
    ground.expectNoErrors();
  });

  test('what is no text, or too long, is downloaded instead', { timeout: 60_000 }, async () => {
    await writeFile(on('n1', 'edit/binary'), Buffer.from([0, 1, 2]));
    await writeFile(on('n1', 'edit/long'), Buffer.alloc(2 * 1024 * 1024, 'x'));
    await openFiles('n1', 'edit/binary');
    await page.getByText('This is not text').first().waitFor();
    await openFiles('n1', 'edit/long');
    await page.getByText('Longer than 1 MiB').waitFor();
    const saved = page.waitForEvent('download');
    await button('Download').click();
    expect((await stat(await (await saved).path())).size).toBe(2 * 1024 * 1024);
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('transfers in the console', () => {
  test('a folder is pushed after a look at what it would change', { timeout: 90_000 }, async () => {
    await ground.open('/files');
    await heading('No files have been moved yet');
    await look('transfers-empty', 'Files', '文件');
    await mkdir(join(dir, 'site/js'), { recursive: true });
    await writeFile(join(dir, 'site/index.html'), '<h1>new</h1>\n');
    await writeFile(join(dir, 'site/js/app.js'), 'run()\n');
    await mkdir(on('n2', 'srv/site'), { recursive: true });
    await writeFile(on('n2', 'srv/site/index.html'), '<h1>old</h1>\n');
    await page.getByRole('button', { name: 'Move files' }).first().click();
    await heading('Move files');
    await choose('Choose a folder', join(dir, 'site'));
    await field('Where to, on the servers').fill(`${join(views.path, 'srv')}/`);
    await field('Nodes').fill('n[1-2]');
    await page.getByText('2 nodes match.').waitFor();
    await button('See what would change').click();
    await page.getByText('-<h1>old</h1>').waitFor();
    await lookAtForm('transfer-new');
    await button('Push').click();
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    expect(await readFile(on('n1', 'srv/site/js/app.js'), 'utf8')).toBe('run()\n');
    expect(await readFile(on('n2', 'srv/site/index.html'), 'utf8')).toBe('<h1>new</h1>\n');
    await page
      .getByRole('grid', { name: 'Nodes of the transfer' })
      .getByRole('button', { name: 'n2' })
      .click();
    await heading('Changes on n2');
    const name = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
    await look('transfer', name, name);
    await page.getByRole('tab', { name: 'Changes' }).click();
    await page.getByText('n1', { exact: true }).waitFor();
    await look('transfer-changes', name, name);
    await page.getByRole('tab', { name: 'Details' }).click();
    await heading('How it is moved');
    await ground.open('/files');
    await link(name).waitFor();
    await look('transfers', 'Files', '文件');
  });

  test('a directory is pulled from nodes, and saved as one archive', { timeout: 90_000 }, async () => {
    for (const node of ['n1', 'n2']) {
      await mkdir(on(node, 'logs/old'), { recursive: true });
      await writeFile(on(node, 'logs/app.log'), `of ${node}\n`);
    }
    await ground.open('/files/new?direction=pull&nodes=n[1-2]');
    await field('What, on the servers').fill(join(views.path, 'logs'));
    await lookAtForm('transfer-pull');
    await button('Pull').click();
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    const saved = page.waitForEvent('download');
    await button('Download all nodes as tar').click();
    const list = spawnSync('tar', ['-tf', await (await saved).path()], { encoding: 'utf8' });
    expect(list.stdout.split('\n')).toEqual(expect.arrayContaining(['n1/logs/app.log', 'n2/logs/app.log']));
    await page
      .getByRole('grid', { name: 'Nodes of the transfer' })
      .getByRole('button', { name: 'n1' })
      .click();
    const one = page.waitForEvent('download');
    await button('Download app.log').click();
    expect(await readFile(await (await one).path(), 'utf8')).toBe('of n1\n');
    const name = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
    await look('transfer-pulled', name, name);
  });

  test('what failed on a node is told with its reason, and retried', { timeout: 90_000 }, async () => {
    await mkdir(on('n2', 'only'), { recursive: true });
    await ground.open('/files/new?direction=pull&nodes=n[1-2]');
    await field('What, on the servers').fill(join(views.path, 'only'));
    await button('Pull').click();
    await page
      .getByText(`no such file: ${join(views.path, 'only')}`)
      .first()
      .waitFor();
    await mkdir(on('n1', 'only'));
    await button('Retry failed nodes').click();
    await dialog().getByRole('button', { name: 'Retry failed nodes' }).click();
    await page.getByRole('heading', { level: 1, name: /-retry-/ }).waitFor();
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    ground.expectNoErrors();
  });

  test('a transfer that waits for a node is cancelled', { timeout: 90_000 }, async () => {
    await agents[1]?.end();
    await ground.open('/files/new?direction=pull&nodes=n2');
    await field('What, on the servers').fill('/etc/hostname');
    await button('Pull').click();
    await button('Cancel the transfer').click();
    await dialog().getByRole('button', { name: 'Cancel the transfer' }).click();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    ground.expectNoErrors();
  });
});
