// An address of the console names what is on the page: filters, tab, what is chosen, what is open beside. It shows that
// in any browser, keeps it on reload, and is come back to. And where there is nothing yet, each list says how to begin.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const drover = async (...args: string[]): Promise<string> => {
  const done = await cli(ground.controller, args, { cwd: dir });
  expect(done, `${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

const objects = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, namespace: default, labels: { tier: web } }
data: { a: "1" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: other, namespace: default }
---
apiVersion: drover.dev/v1alpha1
kind: SavedCommand
metadata: { name: greet, namespace: default }
spec:
  title: Greet somebody
  parameters: [{ name: who, title: Who, required: true }]
  run: { argv: [echo, hello, $(who)] }
---
apiVersion: drover.dev/v1alpha1
kind: SavedCommand
metadata: { name: leave, namespace: default }
spec: { run: { argv: [echo, bye] } }
---
apiVersion: drover.dev/v1alpha1
kind: User
metadata: { name: ada }
---
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata: { name: fine, namespace: default }
spec: { argv: [echo, fine], targets: { nodeSet: "n1,n2" } }
---
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata: { name: bad, namespace: default }
spec: { argv: [sh, -c, 'echo line-of-bad; exit 3'], targets: { nodeSet: "n1,n2" } }
---
apiVersion: drover.dev/v1alpha1
kind: FileTransfer
metadata: { name: fetched, namespace: default }
spec: { direction: Pull, path: /etc/hostname, targets: { nodeSet: n1 } }
`;

const fill = async (): Promise<void> => {
  const made = await drover('token', 'create', '--uses', '2', '-o', 'json');
  const token = /DROVER_TOKEN=(\S+)/.exec(made)?.[1] ?? '';
  for (const name of ['n1', 'n2']) {
    const agent = new AgentProcess({ context: ground.controller.context, token, name, dir });
    agents.push(agent);
    await agent.join();
  }
  const isReady = async () => ((await drover('nodes')).match(/\bReady\b/g) ?? []).length === 2;
  await waitFor('the agents to be ready', isReady, 60_000);
  await writeFile(join(dir, 'objects.yaml'), objects);
  await drover('apply', '-f', 'objects.yaml');
  await drover('patch', 'node', 'n1', '-p', '{"metadata":{"labels":{"role":"web"}}}');
  await waitFor(
    'the runs to end',
    async () => /Failed/.test(await drover('get', 'commandruns', 'bad')),
    60_000,
  );
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-deep-links-'));
  ground = await ConsoleGround.start();
  page = ground.page;
}, 60_000);
afterAll(async () => {
  for (const agent of agents) await agent.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

/** What is seen on a page, by role and name. */
const sights = {
  heading: (name: string) => page.getByRole('heading', { name }).first().waitFor(),
  row: (name: string) =>
    page
      .getByRole('row', { name: new RegExp(name) })
      .first()
      .waitFor(),
  noRow: (name: string) =>
    expect.poll(() => page.getByRole('row', { name: new RegExp(name) }).count(), { timeout: 10_000 }).toBe(0),
  column: (name: string) => page.getByRole('columnheader', { name }).waitFor(),
  field: (name: string) => page.getByRole('textbox', { name }).first().waitFor(),
  tab: (name: string) => page.getByRole('tab', { name, exact: true, selected: true }).waitFor(),
  pressed: (name: string) => page.getByRole('button', { name, pressed: true }).waitFor(),
  checked: (name: string) =>
    page
      .getByRole('checkbox', { name, checked: true })
      .or(page.getByRole('switch', { name, checked: true }))
      .waitFor(),
  chosen: (name: string) =>
    page
      .getByRole('row', { name: new RegExp(name) })
      .getByRole('checkbox', { checked: true })
      .waitFor(),
  text: (text: string) => page.getByText(text).first().waitFor(),
  dialog: (name: string) => page.getByRole('dialog', { name }).waitFor(),
} as const satisfies Readonly<Record<string, (name: string) => Promise<unknown>>>;

type Sight = keyof typeof sights;
type Seen = Partial<Readonly<Record<Sight, string>>>;

const isSeen = async (seen: Seen): Promise<void> => {
  for (const [sight, name] of Object.entries(seen)) await sights[sight as Sight](name); // its keys are these
};

/** By the navigation, which a dialog covers. */
const leave = async ({ dialog }: Seen): Promise<void> => {
  if (dialog === undefined) await page.getByRole('link', { name: 'Events', exact: true }).first().click();
  else await ground.open('/events');
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
};

const empty = [
  ['/', 'No servers yet', 'Add servers'],
  ['/nodes', 'No servers yet', 'Add servers'],
  ['/nodes/requests', 'Nobody waits', 'Add servers'],
  ['/runs', 'Nothing has been run yet', 'Run a command'],
  ['/schedules', 'Nothing is scheduled yet', 'New schedule'],
  ['/saved-commands', 'No command is saved yet', 'New saved command'],
  ['/files', 'No files have been moved yet', 'Move files'],
  ['/recordings', 'No terminal has been recorded yet', 'Choose a node to open a terminal on'],
  ['/access/groups', 'No groups yet', 'Create group'],
  ['/access/policies', 'No admission policies', 'Create ValidatingAdmissionPolicy'],
  ['/events', 'No events', 'Add servers'],
  ['/access/methods', 'People sign in with passwords', 'Add sign-in method'],
  ['/kinds/core/v1/configmaps?namespace=default', 'There is no ConfigMap yet', 'Create ConfigMap'],
] as const;

const configs = '/kinds/core/v1/configmaps';
const addresses: readonly (readonly [string, Seen])[] = [
  ['/?map=os&mapAs=table', { pressed: 'Operating system', row: 'n1' }],
  ['/nodes?q=n1&chosen=n1', { row: 'n1', noRow: 'n2', chosen: 'n1' }],
  ['/nodes?labels=role%3Dweb&state=ready', { row: 'n1', noRow: 'n2' }],
  ['/nodes/name/n1/runs?own=1', { tab: 'Runs', checked: 'Show what this console has asked itself' }],
  ['/nodes/name/n1/files?path=%2Fetc&q=hostname', { tab: 'Files', row: 'hostname', noRow: 'passwd' }],
  ['/nodes/name/n1/yaml', { tab: 'YAML', field: 'YAML' }],
  ['/nodes/name/n1/audit', { tab: 'Audit', row: 'admin patch' }],
  ['/nodes/add/ssh', { tab: 'Over SSH' }],
  ['/runs?q=bad&phase=Failed', { pressed: 'Failed', row: 'bad', noRow: 'fine' }],
  ['/runs?phase=Succeeded&all=1', { checked: 'Also what pages of nodes did', row: 'fine', noRow: 'bad' }],
  ['/runs/new?nodes=n1', { heading: 'Run a command', text: '1 node matches.' }],
  ['/runs/name/default/bad?state=failed&node=n1', { pressed: 'Failed 2', heading: 'n1' }],
  ['/runs/name/default/fine?q=n2', { tab: 'Nodes', row: 'n2', noRow: 'n1' }],
  ['/runs/name/default/bad/log?find=line-of', { tab: 'Log', text: '1 / 2' }],
  ['/runs/name/default/bad/compare?with=fine', { tab: 'Compare', row: 'n1' }],
  ['/runs/name/default/bad/yaml', { tab: 'YAML', field: 'YAML' }],
  ['/runs/name/default/bad/audit', { tab: 'Audit', row: 'admin create' }],
  ['/saved-commands/name/default/greet/audit', { tab: 'Audit', row: 'admin create' }],
  ['/files/name/default/fetched/audit', { tab: 'Audit', row: 'admin create' }],
  ['/saved-commands?q=greet', { row: 'greet', noRow: 'leave' }],
  ['/saved-commands?run=default%2Fgreet', { dialog: 'Run Greet somebody' }],
  ['/schedules/new?command=greet&namespace=default', { heading: 'New schedule', field: 'Who' }],
  ['/files?show=pull&q=fetched', { pressed: 'Pull', row: 'fetched' }],
  ['/access/users?q=ada&user=ada', { tab: 'Users', row: 'ada', noRow: 'admin', heading: 'ada' }],
  ['/access/roles?q=operator&role=%2Foperator', { tab: 'Roles', row: 'operator', heading: 'operator' }],
  ['/access/matrix?kind=secrets&namespace=default', { tab: 'Who may do what', column: 'secrets' }],
  [
    '/access/explain?who=User%3Aada&verb=get&group=&resource=secrets',
    { tab: 'Why may they', text: 'ada may not' },
  ],
  ['/audit?verb=create&resource=users.drover.dev&follow=1', { checked: 'Follow', row: 'ada' }],
  ['/audit?row=1', { heading: 'Row 1' }],
  ['/events?q=no-such-event', { text: 'Clear' }],
  ['/kinds?q=configmap', { row: 'ConfigMap', noRow: 'Secret' }],
  [
    `${configs}?namespace=default&labels=tier%3Dweb&wide=1`,
    { checked: 'All columns', row: 'kept', noRow: 'other' },
  ],
  [`${configs}?q=other&chosen=default%2Fother`, { row: 'other', noRow: 'kept', chosen: 'other' }],
  [`${configs}/fields?q=immutable`, { text: 'immutable' }],
  [`${configs}/name/default/kept/yaml`, { tab: 'YAML' }],
  [`${configs}/new?tab=yaml&namespace=default`, { tab: 'YAML' }],
  ['/settings/retention', { tab: 'Retention' }],
];

describe.skipIf(isConsoleSkipped)('where there is nothing yet', () => {
  test.each(empty)('%s says what it is for, and how to begin', async (path, words, action) => {
    await ground.open(path);
    await page.getByRole('heading', { name: words }).waitFor();
    await page
      .getByRole('button', { name: action })
      .or(page.getByRole('main').getByRole('link', { name: action }))
      .first()
      .waitFor();
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('an address', () => {
  beforeAll(fill, 120_000);

  test.each(addresses)(
    '%s is what it shows, again on reload, and when one comes back',
    async (path, seen) => {
      await ground.open(path);
      await isSeen(seen);
      await page.reload();
      await isSeen(seen);
      await leave(seen);
      await page.goBack();
      await isSeen(seen);
      const { pathname, search } = new URL(page.url());
      expect(`${pathname}${search}`).toBe(`/console${path}`);
      ground.expectNoErrors();
    },
  );

  test('is that of the former tab, as it was left, after Back', async () => {
    const list: Seen = { tab: 'Nodes', row: 'n2', noRow: 'n1' };
    await ground.open('/runs/name/default/fine?q=n2');
    await isSeen(list);
    await page.getByRole('tab', { name: 'Log', exact: true }).click();
    await isSeen({ tab: 'Log' });
    await page.goBack();
    await isSeen(list);
    await page.goForward();
    await isSeen({ tab: 'Log' });
  });

  test('has tabs with arrows only where they do not fit', async () => {
    const arrow = page.getByRole('button', { name: 'Further tabs' });
    await ground.open('/runs/name/default/fine');
    await isSeen({ tab: 'Nodes', row: 'n1' });
    await ground.resize(390, 844);
    expect(await arrow.count()).toBe(1);
    await ground.resize(1280, 800);
    expect(await arrow.count()).toBe(0);
  });

  test('keeps its filters when the navigation is skipped', async () => {
    await ground.open('/runs');
    await page.getByRole('link', { name: 'Nodes', exact: true }).click();
    await page.getByRole('textbox', { name: /Filter by name/ }).fill('n1');
    await sights.noRow('n2');
    await page.getByRole('link', { name: 'Skip to content' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await sights.row('n1');
    await sights.noRow('n2');
    const { pathname, search } = new URL(page.url());
    expect(`${pathname}${search}`).toBe('/console/nodes?q=n1');
  });
});
