// Schedules and saved commands in a real browser, with a real agent that runs them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, commandRuns, createClient } from '@drover/client';
import { nodes, savedCommands, schedules } from '@drover/client/kinds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../../harness/agents.ts';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { waitFor } from '../../harness/wait.ts';

let ground: ConsoleGround;
let client: Client;
let dir: string;
let agent: AgentProcess;

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  dir = await mkdtemp(join(tmpdir(), 'drover-console-schedules-'));
  const { context } = ground.controller;
  client = createClient(context);
  const made = await drover(ground.controller, ['token', 'create', '-o', 'json'], { cwd: dir });
  const token = /DROVER_TOKEN=(\S+)/.exec(made.stdout)?.[1] ?? '';
  agent = new AgentProcess({ context, token, name: 'n1', dir });
  await agent.join();
  const isReady = async (): Promise<boolean> =>
    JSON.stringify(await client.list(nodes)).includes('"type":"Ready","status":"True"');
  await waitFor('the agent to be ready', isReady, 60_000);
});
afterAll(async () => {
  await agent?.close();
  client?.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const heading = (name: string | RegExp) => ground.page.getByRole('heading', { level: 1, name }).waitFor();
const press = (name: string | RegExp) => ground.page.getByRole('button', { name, exact: true }).click();
const fill = (name: string | RegExp, text: string) =>
  ground.page.getByRole('textbox', { name, exact: true }).fill(text);
const looks = async (picture: string, chinese: string): Promise<void> => {
  await ground.expectAccessible();
  await ground.picture(picture);
  await ground.inChinese(picture, chinese);
  ground.expectNoErrors();
};
const outputOf = async (run: string): Promise<string> => {
  const done = await drover(ground.controller, ['runs', 'log', run], { cwd: dir });
  return done.stdout;
};
const runsOf = async (label: string) =>
  (await client.list(commandRuns, { namespace: 'default', labelSelector: label })).items;

describe.skipIf(isConsoleSkipped)('saved commands', () => {
  test('a command is kept with its parameters', async () => {
    await ground.open('/saved-commands');
    await heading('Saved commands');
    await ground.page.getByRole('heading', { name: 'No command is saved yet' }).waitFor();
    await press('New saved command');
    await heading('New saved command');
    await fill('Name', 'greet');
    await fill('Title', 'Greet somebody');
    await press('Add a parameter');
    await ground.page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('who');
    await ground.page.getByRole('checkbox', { name: 'Must be given' }).check();
    await fill('Command line', `echo hello '$(who)'`);
    await looks('saved-command-new', '新建常用命令');
  });

  test('what does not fit is refused in the words of the controller, and what was typed stays', async () => {
    await ground.open('/saved-commands/new');
    await fill('Name', 'greet');
    await fill('Title', 'Greet somebody');
    await fill('Command line', `echo hello '$(who)'`);
    await press('Save');
    await ground.page.getByRole('heading', { name: /"who" is no parameter/ }).waitFor();
    ground.forgetErrors();
    await press('Add a parameter');
    await ground.page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('who');
    await ground.page.getByRole('checkbox', { name: 'Must be given' }).check();
    await press('Save');
    await heading('greet');
    expect(await client.get(savedCommands, 'greet')).toMatchObject({
      spec: {
        parameters: [{ name: 'who', type: 'string', required: true }],
        run: { argv: ['echo', 'hello', '$(who)'] },
        requester: { username: 'admin' },
      },
    });
    await looks('saved-command', 'greet');
  });

  test('it is run with values, which stay one argument each', async () => {
    await ground.open('/saved-commands');
    await press('Run: greet');
    const dialog = ground.page.getByRole('dialog', { name: /Greet somebody/ });
    await dialog.getByRole('textbox', { name: 'who' }).fill('you  and "me"; $(id)');
    await dialog.getByRole('textbox', { name: 'Nodes' }).fill('n1');
    await ground.expectAccessible();
    await ground.picture('saved-command-run');
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.waitFor({ state: 'detached' });
    const find = async () => (await runsOf('drover.dev/saved-command=greet'))[0];
    await waitFor('the run to end', async () => (await find())?.status?.phase === 'Succeeded', 30_000);
    expect(await outputOf((await find())?.metadata.name ?? '')).toContain('hello you  and "me"; $(id)');
    ground.expectNoErrors();
  });

  test('the list is whole', async () => {
    await ground.open('/saved-commands');
    await ground.page.getByRole('link', { name: 'greet' }).waitFor();
    await looks('saved-commands', '常用命令');
  });
});

describe.skipIf(isConsoleSkipped)('schedules', () => {
  test('a command is scheduled: words and next times are shown as it is typed', async () => {
    await ground.open('/schedules');
    await ground.page.getByRole('heading', { name: 'Nothing is scheduled yet' }).waitFor();
    await press('New schedule');
    await heading('New schedule');
    await fill('Schedule', '61 * * * *');
    await ground.page.getByText(/minute: 61/).waitFor();
    await fill('Schedule', '0 6 * * 1-5');
    await ground.page.getByText(/every Monday, Tuesday.* at 06:00/).waitFor();
    await ground.page.getByRole('combobox', { name: 'Time zone' }).selectOption('Europe/Zurich');
    expect(
      await ground.page.getByRole('list', { name: 'The next five times' }).getByRole('listitem').count(),
    ).toBe(5);
    await fill('Name', 'morning');
    await fill('Command line', 'echo good morning');
    await fill('Nodes', 'n1');
    await ground.expectAccessible();
    await ground.picture('schedule-new');
    await press('Save');
    await heading('morning');
    expect(await client.get(schedules, 'morning')).toMatchObject({
      spec: {
        schedule: '0 6 * * 1-5',
        timeZone: 'Europe/Zurich',
        run: { argv: ['echo', 'good', 'morning'], targets: { nodeSet: 'n1' } },
      },
    });
    await ground.page.getByText('every Monday, Tuesday', { exact: false }).first().waitFor();
    await looks('schedule', 'morning');
  });

  test('it is run now, suspended and resumed', async () => {
    await ground.open('/schedules/name/default/morning/runs');
    await press('Run now: morning');
    await ground.page.getByRole('link', { name: /^morning-manual-/ }).waitFor();
    await ground.page.getByRole('row', { name: /Succeeded/ }).waitFor();
    await ground.picture('schedule-runs');
    await press('Suspend: morning');
    await ground.page.getByRole('button', { name: 'Resume: morning' }).waitFor();
    expect((await client.get(schedules, 'morning')).spec.suspend).toBe(true);
    await press('Resume: morning');
    await ground.page.getByRole('button', { name: 'Suspend: morning' }).waitFor();
    ground.expectNoErrors();
  });

  test('it is changed: a saved command, with its values, every minute', async () => {
    await ground.open('/schedules/name/default/morning/edit');
    await ground.page.getByRole('radio', { name: 'Saved command' }).check();
    await ground.page.getByRole('combobox', { name: 'Saved command' }).selectOption('greet');
    await fill('who', 'world');
    await fill('Nodes', 'n1');
    await fill('Schedule', '* * * * *');
    await ground.expectAccessible();
    await ground.picture('schedule-edit');
    await press('Save');
    await ground.page.getByText('who=world').waitFor();
    ground.expectNoErrors();
  });

  test('at its time it runs by itself on the node, as who made it', async () => {
    const due = async () =>
      (await runsOf('drover.dev/schedule=morning')).find(({ metadata }) =>
        /-\d{8}-\d{4}-/.test(metadata.name ?? ''),
      );
    await waitFor('the run to end', async () => (await due())?.status?.phase === 'Succeeded', 90_000);
    const run = await due();
    expect(run?.spec.requester).toMatchObject({ username: 'admin' });
    expect(await outputOf(run?.metadata.name ?? '')).toContain('hello world');
    await ground.open('/schedules');
    await ground.page.getByRole('row', { name: /morning.*Succeeded/ }).waitFor();
    await looks('schedules', '定时任务');
  });

  test('deleting it says what is lost', async () => {
    await ground.open('/schedules');
    await press('Delete: morning');
    const dialog = ground.page.getByRole('dialog', { name: 'Delete schedule morning?' });
    await dialog.getByText(/its runs are deleted with all their results/).waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await ground.page.getByRole('heading', { name: 'Nothing is scheduled yet' }).waitFor();
    await waitFor(
      'its runs to go',
      async () => (await runsOf('drover.dev/schedule=morning')).length === 0,
      30_000,
    );
    ground.expectNoErrors();
  });
});
