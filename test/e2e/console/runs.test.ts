// The pages of runs in a real browser, with real agents: compose, watch, read, repeat, compare, decide.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandRuns, createClient } from '@drover/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../../harness/agents.ts';
import { drover as cli } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { waitFor } from '../../harness/wait.ts';

let ground: ConsoleGround;
let page: Page;
let dir: string;
const agents: AgentProcess[] = [];

/** A guard rail of each kind, and a program of somebody else. */
const objects = `
apiVersion: drover.dev/v1alpha1
kind: RunPolicy
metadata: { name: guard-rails }
spec:
  rules:
    - name: two-people
      match: { commands: [[echo, migrate]] }
      action: Ask
      expireSeconds: 3600
      message: it changes the data of all customers
    - name: loud
      match: { commands: [[echo, danger]] }
      action: Log
      message: everybody hears it
---
apiVersion: drover.dev/v1alpha1
kind: SavedCommand
metadata: { name: greet, namespace: default }
spec:
  title: Greet somebody
  parameters: [{ name: who, title: Who, required: true }]
  run: { argv: [echo, hello, $(who)] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot, namespace: default }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: robot }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator }
subjects: [{ kind: ServiceAccount, name: robot, namespace: default }]
`;

const drover = async (...args: string[]): Promise<string> => {
  const done = await cli(ground.controller, args, { cwd: dir });
  expect(done, `${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-console-runs-'));
  ground = await ConsoleGround.start();
  page = ground.page;
  const made = await drover('token', 'create', '--uses', '3', '-o', 'json');
  const token = /DROVER_TOKEN=(\S+)/.exec(made)?.[1] ?? '';
  for (const name of ['n1', 'n2', 'n3']) {
    const agent = new AgentProcess({ context: ground.controller.context, token, name, dir });
    agents.push(agent);
    await agent.join();
  }
  const isReady = async () => ((await drover('nodes')).match(/\bReady\b/g) ?? []).length === 3;
  await waitFor('the agents to be ready', isReady, 60_000);
  await writeFile(join(dir, 'objects.yaml'), objects);
  await drover('apply', '-f', 'objects.yaml');
}, 120_000);
afterAll(async () => {
  for (const agent of agents) await agent.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const button = (name: string) => page.getByRole('button', { name, exact: true });
const field = (name: string) => page.getByRole('textbox', { name, exact: true });

/** Looks at the page as it is, and leaves it as it was. */
const look = async (name: string, english: string, chinese: string): Promise<void> => {
  await heading(english);
  await ground.expectAccessible();
  await ground.picture(name);
  await ground.inChinese(name, chinese);
  await heading(english);
  ground.expectNoErrors();
};

const title = async (): Promise<string> =>
  (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';

/** Composes a command and waits until its run is shown; resolves to its name. */
const run = async (nodes: string, command: string): Promise<string> => {
  await ground.open('/runs/new');
  await field('Nodes').fill(nodes);
  await field('Command').fill(command);
  await button('Run').click();
  await page.getByRole('tab', { name: 'Outputs' }).waitFor();
  return title();
};

const phase = (word: string) => page.getByText(word, { exact: true }).first().waitFor();

/** A run that somebody else asks for. */
const runByRobot = async (name: string, argv: readonly string[]): Promise<void> => {
  const admin = createClient(ground.controller.context);
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
  const made = await admin.http.json<{ status: { token: string } }>({ method: 'POST', path, body });
  admin.close();
  const robot = createClient({ ...ground.controller.context, token: made.status.token });
  await robot.create(commandRuns, { metadata: { name }, spec: { argv, targets: { nodeSet: 'n1' } } });
  robot.close();
};

const openTab = async (name: string): Promise<void> => {
  await page.getByRole('tab', { name, exact: true }).click();
  await page.getByRole('tabpanel', { name, exact: true }).waitFor();
};

const dialog = () => page.getByRole('dialog');

describe.skipIf(isConsoleSkipped)('runs in the console', () => {
  test('where nothing has run yet, the list says how to begin', async () => {
    await ground.open('/runs');
    await page.getByRole('heading', { name: 'Nothing has been run yet' }).waitFor();
    await look('runs-empty', 'Runs', '命令执行');
  });

  test('a command is composed with the nodes that it matches shown, and run', {
    timeout: 60_000,
  }, async () => {
    await ground.open('/runs/new?nodes=n[1-2]');
    await page.getByText('2 nodes match.').waitFor();
    await field('Nodes').fill('n[1-4]');
    await page.getByText('3 nodes match.').waitFor();
    await page.getByText('1 name is not a node').waitFor();
    await button('Every node').click();
    await field('Command').fill(`sh -c 'echo "on $(hostname)"; echo oops >&2'`);
    await page.getByText('echo "on $(hostname)"; echo oops >&2', { exact: true }).waitFor();
    await look('run-new', 'Run a command', '执行命令');
    // What was typed is still there after the reloads.
    expect(await field('Command').inputValue()).toContain('oops');
    await button('Run').click();
    await phase('Succeeded');
    await page.getByRole('grid', { name: 'Nodes of the run' }).getByText('n3').waitFor();
    ground.expectNoErrors();
  });

  test('identical outputs are folded, and the log tells the streams apart', { timeout: 90_000 }, async () => {
    const name = await run('*', `sh -c 'printf "\\033[32mgreen\\033[0m\\nwhite\\n"; echo oops >&2'`);
    await phase('Succeeded');
    await look('run', name, name);
    await openTab('Outputs');
    await page.getByRole('heading', { level: 3, name: 'n[1-3]' }).waitFor();
    await page.getByRole('region', { name: 'Standard output n[1-3]' }).getByText('green').waitFor();
    await look('run-outputs', name, name);
    await openTab('Log');
    const log = page.getByRole('log', { name: 'Log of all nodes' });
    await log.getByText('standard error: ').first().waitFor();
    await field('Find in the output').fill('GREEN');
    await page.getByText('1 / 3 places').waitFor();
    await button('Next place').click();
    await page.getByText('2 / 3 places').waitFor();
    await look('run-log', name, name);
    await openTab('Details');
    await look('run-details', name, name);
  });

  test('the output of a node is followed while it comes, and downloaded', { timeout: 60_000 }, async () => {
    const gate = join(dir, 'gate');
    const name = await run('n1', `sh -c 'echo begun; until test -e ${gate}; do sleep 0.1; done; echo ended'`);
    await button('n1').click();
    const log = page.getByRole('log', { name: 'Output of n1' });
    await log.getByText('begun').waitFor();
    expect(await log.getByText('ended').count()).toBe(0);
    await writeFile(gate, '');
    await log.getByText('ended').waitFor();
    await phase('Succeeded');
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download output' }).click();
    expect((await coming).suggestedFilename()).toBe(`${name}-n1.stdout.txt`);
    await look('run-node', name, name);
  });

  test('nodes that did not end well are counted, shown alone, and repeated', {
    timeout: 60_000,
  }, async () => {
    const name = await run('n[1-2],n9', 'true');
    await phase('Failed');
    await page.getByRole('button', { name: 'Never started 1' }).click();
    await page.getByText('no such node').first().waitFor();
    await page.getByText('1 row', { exact: true }).waitFor();
    expect(page.url()).toContain('state=neverStarted');
    await look('run-failed', name, name);
    await button('Retry failed nodes').click();
    await dialog().getByRole('button', { name: 'Retry failed nodes' }).click();
    await page.getByRole('heading', { level: 1, name: `${name}-retry-` }).waitFor();
    await openTab('Details');
    await page.getByRole('link', { name, exact: true }).waitFor();
    ground.expectNoErrors();
  });

  test('a run is cancelled after it was asked whether it should be', { timeout: 60_000 }, async () => {
    const name = await run('*', 'sleep 300');
    await page.getByRole('button', { name: 'Running 3' }).waitFor();
    await button('Cancel the run').click();
    await dialog().getByText('It is killed on 3 nodes').waitFor();
    await dialog().getByRole('button', { name: 'Cancel the run' }).click();
    await phase('Cancelled');
    await page.getByText(`${name} is being cancelled`).waitFor();
    ground.expectNoErrors();
  });

  test('what is composed is saved, begun with again, and run by the clock', { timeout: 90_000 }, async () => {
    await ground.open('/runs/new?nodes=n1');
    await field('Command').fill(`sh -c 'echo "kept $(id -un)"'`);
    await button('Save this command').click();
    await dialog().getByRole('textbox', { name: /^Name/ }).fill('kept');
    await ground.expectAccessible();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().waitFor({ state: 'detached' });
    await ground.open('/runs/new?nodes=n2');
    await button('Begin with a saved command').click();
    await dialog().getByRole('combobox').selectOption('greet');
    await dialog().getByRole('button', { name: 'Use it' }).click();
    await dialog().getByText('values.who: must be given').waitFor();
    await dialog().getByRole('textbox', { name: 'Who' }).fill('the world');
    await ground.picture('run-new-saved');
    await dialog().getByRole('button', { name: 'Use it' }).click();
    expect(await field('Command').inputValue()).toBe("echo hello 'the world'");
    expect(await field('Nodes').inputValue()).toBe('n2');
    await button('Begin with a saved command').click();
    await dialog().getByRole('combobox').selectOption('kept');
    await dialog().getByRole('button', { name: 'Use it' }).click();
    expect(await field('Command').inputValue()).toContain('$(id -un)');
    await button('Run it by the clock').click();
    await page.getByRole('heading', { level: 1, name: 'New schedule' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Nodes' }).inputValue()).toBe('n1');
    ground.expectNoErrors();
  });

  test('what a rule calls dangerous runs after a second yes only', { timeout: 60_000 }, async () => {
    await ground.open('/runs/new?nodes=*');
    await field('Command').fill('echo danger');
    await button('Check without running').click();
    await page.getByText('It would run on 3 nodes. Nothing was started.').waitFor();
    await button('Run').click();
    await dialog().getByText('This is dangerous').waitFor();
    await dialog().getByText('everybody hears it').waitFor();
    await ground.expectAccessible();
    await ground.picture('run-dangerous');
    await dialog().getByRole('button', { name: 'Run it' }).click();
    await phase('Succeeded');
    ground.expectNoErrors();
  });

  test('what is refused is told where it belongs, and nothing typed is lost', {
    timeout: 60_000,
  }, async () => {
    await ground.open('/runs/new?nodes=n1');
    await field('Command').fill(`kill -9 '1`);
    await button('Run').click();
    await page.getByText('A quote is not closed').waitFor();
    await field('Command').fill('kill -9 1');
    await button('Run').click();
    await page.getByText('rule kill-everything of run policy dangerous-commands').waitFor();
    await field('Command').fill('id');
    await button('Options on each node').click();
    await field('Name of the run').fill('Not A Name');
    await button('Run').click();
    const wrong = page.getByRole('textbox', { name: 'Name of the run', description: /RFC 1123/ });
    await wrong.waitFor();
    await page.reload();
    expect(await field('Name of the run').inputValue()).toBe('Not A Name');
    expect(await field('Command').inputValue()).toBe('id');
    expect(ground.forgetErrors().every((error) => /40[03]|422/.test(error))).toBe(true);
  });

  test('a script is written in an editor, with input and variables', { timeout: 90_000 }, async () => {
    await ground.open('/runs/new?nodes=n1');
    await field('Name of the run').fill('scripted');
    await button('Script').click();
    await page
      .getByRole('textbox', { name: 'Script' })
      .fill('read -r word # from stdin\necho "$LEVEL $word"');
    await field('Environment').fill('LEVEL=debug');
    await field('Standard input').fill('hello\n');
    await look('run-script', 'Run a command', '执行命令');
    await button('Run').click();
    await heading('scripted');
    await phase('Succeeded');
    await openTab('Log');
    await page.getByRole('log').getByText('debug hello').waitFor();
    ground.expectNoErrors();
  });

  test('what needs a second person waits: approved by another, rejected for good', {
    timeout: 90_000,
  }, async () => {
    await runByRobot('asked', ['echo', 'migrate']);
    await ground.open('/runs/name/default/asked');
    await page.getByText('Waiting for approval', { exact: true }).first().waitFor();
    await look('run-approval', 'asked', 'asked');
    await button('Approve').click();
    await field('Why, for the record (optional)').fill('backup is done');
    await dialog().getByRole('button', { name: 'Approve' }).click();
    await phase('Succeeded');
    await page.getByText('Approved by admin: backup is done').waitFor();
    await ground.open('/runs/new?nodes=n1');
    await field('Command').fill('echo migrate');
    await button('Run').click();
    await dialog().getByText('Somebody else must approve it').waitFor();
    await dialog().getByRole('button', { name: 'Run it' }).click();
    await page.getByText('Waiting for approval', { exact: true }).first().waitFor();
    expect(await button('Approve').getAttribute('aria-disabled')).toBe('true');
    await button('Reject').click();
    await dialog().getByRole('button', { name: 'Reject' }).click();
    await phase('Cancelled');
    ground.expectNoErrors();
  });

  test('two runs are compared: nodes that ended otherwise, with both outputs', {
    timeout: 90_000,
  }, async () => {
    const before = await run('n[1-3]', 'echo before');
    await phase('Succeeded');
    const after = await run('n[1-2]', 'echo after');
    await phase('Succeeded');
    await openTab('Compare');
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption(before);
    await page.getByText('3 of 3 nodes differ').waitFor();
    await look('run-compare', after, after);
    await page.getByRole('grid', { name: 'Nodes that differ' }).getByRole('button', { name: 'n2' }).click();
    await dialog().getByText('before', { exact: true }).waitFor();
    await dialog().getByText('after', { exact: true }).waitFor();
    await ground.expectAccessible();
    ground.expectNoErrors();
  });

  test('the list is narrowed by phase and text, in its address', { timeout: 60_000 }, async () => {
    await ground.open('/runs');
    await look('runs', 'Runs', '命令执行');
    await page.getByRole('button', { name: 'Cancelled' }).click();
    await page.getByRole('grid', { name: 'Runs' }).getByText('sleep 300').waitFor();
    await page.getByRole('textbox', { name: 'Filter by name, command, nodes or user' }).fill('migrate');
    await page.getByText('1 row', { exact: true }).waitFor();
    expect(page.url()).toMatch(/phase=Cancelled.*q=migrate/);
    ground.expectNoErrors();
  });
});
