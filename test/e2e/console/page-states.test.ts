// Every page of the console while it cannot show all: it keeps its head in its place, says that it waits, or what could
// not be had and why, in the controller's words, and offers to try again; what it has shown stays while the controller is
// away, and comes up to date by itself.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess } from '../../harness/agents.ts';
import { drover as cli } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import type { PathProxy, Refusal } from '../../harness/path-proxy.ts';
import { waitFor } from '../../harness/wait.ts';

let ground: ConsoleGround;
let page: Page;
let proxy: PathProxy;
let dir: string;
let agent: AgentProcess | undefined;
const password = 'planted-states-4711';

const drover = async (args: readonly string[], input = ''): Promise<string> => {
  const done = await cli(ground.controller, args, { cwd: dir, input });
  expect(done, `${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

const objects = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, namespace: default }
data: { a: "1" }
---
apiVersion: drover.dev/v1alpha1
kind: SavedCommand
metadata: { name: greet, namespace: default }
spec: { run: { argv: [echo, hello] } }
---
apiVersion: drover.dev/v1alpha1
kind: Schedule
metadata: { name: nightly, namespace: default }
spec: { schedule: "0 3 * * *", run: { argv: [echo, night], targets: { nodeSet: n1 } } }
---
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata: { name: first, namespace: default }
spec: { argv: [echo, fine], targets: { nodeSet: n1 } }
---
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata: { name: second, namespace: default }
spec: { argv: [echo, fine], targets: { nodeSet: n1 } }
---
apiVersion: drover.dev/v1alpha1
kind: FileTransfer
metadata: { name: fetched, namespace: default }
spec: { direction: Pull, path: /etc/hostname, targets: { nodeSet: n1 } }
`;

const fill = async (): Promise<void> => {
  const made = await drover(['token', 'create', '-o', 'json']);
  const token = /DROVER_TOKEN=(\S+)/.exec(made)?.[1] ?? '';
  agent = new AgentProcess({ context: ground.controller.context, token, name: 'n1', dir });
  await agent.join();
  await waitFor('the agent to be ready', async () => /\bReady\b/.test(await drover(['nodes'])), 60_000);
  await drover(['apply', '-f', '-'], objects);
  const isOver = async () => /Succeeded/.test(await drover(['get', 'commandruns', 'second']));
  await waitFor('the runs to end', isOver, 60_000);
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  dir = await mkdtemp(join(tmpdir(), 'drover-page-states-'));
  ground = await ConsoleGround.start({ isProxied: true });
  page = ground.page;
  if (ground.proxy === undefined) throw new Error('the ground has no proxy');
  proxy = ground.proxy;
  await fill();
}, 120_000);
afterEach(() => {
  proxy?.setFault(() => undefined);
  proxy?.cut(false);
  // Whatever became of requests was meant.
  ground?.forgetErrors();
});
afterAll(async () => {
  await agent?.close();
  await ground?.close();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

const configs = '/kinds/core/v1/configmaps';
/** Address, heading, and what is in the addresses of the requests that it cannot do without ('$': their end). */
const pages = [
  ['/', 'Overview', '/nodes?'],
  ['/nodes', 'Nodes', '/nodes?'],
  ['/nodes/requests', 'Waiting to join', '/certificatesigningrequests?'],
  ['/nodes/add', 'Add servers', '/enrollmenttokens?'],
  ['/nodes/add/ssh/default/none', 'Servers that join over SSH', '/sshenrollments?'],
  ['/nodes/name/n1', 'n1', '/api/v1/nodes?'],
  ['/nodes/name/n1', 'n1', '/facts'],
  ['/nodes/name/n1/metrics', 'n1', '/metrics.k8s.io/'],
  ['/nodes/name/n1/runs', 'n1', '/tasks'],
  ['/nodes/name/n1/files', 'n1', '/commandruns'],
  ['/nodes/name/n1/services', 'n1', '/facts'],
  ['/nodes/name/n1/packages', 'n1', '/facts'],
  ['/nodes/name/n1/certificate', 'n1', '/facts'],
  ['/nodes/name/n1/yaml', 'n1', '/openapi/'],
  ['/nodes/name/n1/events', 'n1', '/events?'],
  ['/nodes/name/n1/audit', 'n1', '/audit?'],
  ['/runs', 'Runs', '/commandruns?'],
  ['/runs/new?nodes=n1', 'Run a command', '/nodes?'],
  ['/runs/name/default/first', 'first', '/commandruns?'],
  ['/runs/name/default/first', 'first', '/results'],
  ['/runs/name/default/first/outputs', 'first', '/fold'],
  ['/runs/name/default/first/log', 'first', '/log'],
  ['/runs/name/default/first/compare?with=second', 'first', '/fold'],
  ['/schedules', 'Schedules', '/schedules?'],
  ['/schedules/name/default/nightly', 'nightly', '/schedules?'],
  ['/schedules/name/default/nightly/runs', 'nightly', '/commandruns?'],
  ['/saved-commands', 'Saved commands', '/savedcommands?'],
  ['/saved-commands/name/default/greet', 'greet', '/savedcommands?'],
  ['/schedules/new?command=greet&namespace=default', 'New schedule', '/savedcommands?'],
  ['/files', 'Files', '/filetransfers?'],
  ['/files/new', 'Move files', '/nodes?'],
  ['/files/name/default/fetched', 'fetched', '/filetransfers?'],
  ['/files/name/default/fetched', 'fetched', '/results'],
  ['/access/users', 'Access', '/users?'],
  ['/access/groups', 'Access', '/groups?'],
  ['/access/accounts', 'Access', '/serviceaccounts?'],
  ['/access/roles', 'Access', '/clusterroles?'],
  ['/access/bindings', 'Access', '/clusterrolebindings?'],
  ['/access/matrix', 'Access', '/users?'],
  ['/access/explain?who=User%3Aadmin&verb=get&resource=nodes', 'Access', '/subjectaccessreviews'],
  ['/access/methods', 'Access', '/signinmethods?'],
  ['/access/policies', 'Access', '/runpolicies?'],
  ['/audit', 'Audit', '/audit?'],
  ['/recordings', 'Recorded terminals', '/recordings'],
  ['/events', 'Events', '/events?'],
  ['/kinds', 'Explore the API', '/apis$'],
  [configs, 'ConfigMap', '/configmaps?'],
  [`${configs}/fields`, 'Fields of ConfigMap', '/openapi/'],
  [`${configs}/new`, 'Create ConfigMap', '/openapi/'],
  [`${configs}/name/default/kept`, 'kept', '/configmaps?'],
  [`${configs}/name/default/kept`, 'kept', '/openapi/'],
  ['/settings/about', 'Settings', '/version'],
  ['/settings/about', 'Settings', '/join/ca.pem'],
  ['/settings/encryption', 'Settings', '/encryption'],
  ['/settings/certificates', 'Settings', '/certificatesigningrequests?'],
  ['/settings/backup', 'Settings', '/backups'],
  ['/settings/retention', 'Settings', '/retentionpolicies?'],
  ['/account', 'Your account', '/auth/account'],
  ['/account', 'Your account', '/auth/sessions'],
] as const;

/** Address, and what is said there of what does not exist. */
const absent = [
  ['/nodes/name/none', 'There is no node none'],
  ['/nodes/add/ssh/default/none', 'There is no enrolment none'],
  ['/runs/name/default/none', 'There is no run none'],
  ['/schedules/name/default/none', 'There is no schedule none'],
  ['/saved-commands/name/default/none', 'There is no saved command none'],
  ['/files/name/default/none', 'There is no transfer none'],
  ['/recordings/none', 'There is no such recording'],
  [`${configs}/name/default/none`, 'There is no ConfigMap none'],
  ['/kinds/core/v1/none', 'The controller serves no kind none'],
] as const;

/** What everybody may see who is signed in. */
const forAll = new Set<string>([
  '/account',
  '/settings/about',
  '/kinds',
  `${configs}/fields`,
  `${configs}/new`,
]);

const addresses = [...new Map(pages.map(([path, name]) => [path, [path, name] as const])).values()];

const planted = 'cannot answer: a fault was planted';
const head = (name: string) => page.getByRole('heading', { level: 1, name });
const main = () => page.getByRole('main');
const waits = () =>
  main()
    .getByRole('progressbar', { name: 'Loading' })
    .or(main().getByText('Loading', { exact: true }))
    .first();
const gone = (text: string) => main().getByText(text).first().waitFor({ state: 'detached' });
/** In the page: where the heading stands, however far somebody has scrolled. */
const place = `(() => {
  const heading = document.querySelector('h1'), { x, y } = heading.getBoundingClientRect();
  return [x, y + heading.closest('main').scrollTop].map(Math.round).join();
})()`;

describe.skipIf(isConsoleSkipped)('a page', () => {
  test.each(pages)(
    '%s (%s) waits for %s, says why it is refused, and tries again',
    async (path, name, part) => {
      const answer = Promise.withResolvers<Refusal | undefined>();
      const isAbout = (url: string): boolean => !url.startsWith('/console/') && `${url}$`.includes(part);
      proxy.setFault((url) => (isAbout(url) ? answer.promise : undefined));
      await ground.open(path);
      await head(name).waitFor();
      await waits().waitFor();
      const before = await page.evaluate<string>(place);
      const refusal = { code: 500, reason: 'InternalError', message: planted };
      proxy.setFault((url) => (isAbout(url) ? refusal : undefined));
      answer.resolve(refusal);
      await main().getByText(planted).first().waitFor();
      expect(await page.evaluate<string>(place)).toBe(before);
      proxy.setFault(() => undefined);
      await main().getByRole('button', { name: 'Try again' }).first().click();
      await gone(planted);
      await waits().waitFor({ state: 'detached' });
      expect(await page.evaluate<string>(place)).toBe(before);
    },
  );

  test.each(absent)('%s says that it is not there, and where the others are', async (path, words) => {
    await ground.open(path);
    await main().getByRole('heading', { name: words }).waitFor();
    await main().getByRole('heading', { level: 1 }).waitFor();
    await main().getByRole('link').first().waitFor();
    await ground.expectAccessible();
  });

  test.each(addresses)(
    '%s (%s) stays as it was while the controller is away, and goes on',
    async (path, name) => {
      const rows = () => main().getByRole('row').count();
      const offline = page.getByText('The controller does not answer');
      await ground.open(path);
      await head(name).waitFor();
      await waits().waitFor({ state: 'detached' });
      const before = await rows();
      proxy.cut(true);
      await offline.waitFor();
      expect(await rows()).toBeGreaterThanOrEqual(before);
      expect(await main().getByText('This could not be loaded').count()).toBe(0);
      proxy.cut(false);
      await offline.waitFor({ state: 'detached' });
      await head(name).waitFor();
      expect(await rows()).toBeGreaterThanOrEqual(before);
    },
  );
});

describe.skipIf(isConsoleSkipped)('who has no role', () => {
  let theirs: Page;
  beforeAll(async () => {
    await drover(['user', 'create', 'eva']);
    await drover(['user', 'passwd', 'eva'], `${password}\n`);
    theirs = await ground.stranger();
    await theirs.goto('/console/account');
    await theirs.getByLabel('User').fill('eva');
    await theirs.getByLabel('Password').fill(password);
    await theirs.getByRole('button', { name: 'Sign in', exact: true }).click();
    await theirs.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  });

  test.each(addresses)('is told at %s (%s) what they may not, by the controller', async (path, name) => {
    await theirs.goto(`/console${path}`);
    await theirs.getByRole('heading', { level: 1, name }).waitFor();
    if (!forAll.has(path))
      await theirs
        .getByText(/"eva" (cannot|may not)/)
        .first()
        .waitFor();
    expect(await theirs.getByText('This page has broken').count()).toBe(0);
  });
});

describe.skipIf(isConsoleSkipped)('an upload', () => {
  test('goes on where it stood when the connection was cut, and arrives whole', async () => {
    const bytes = randomBytes(12 * 1024 * 1024);
    const depot = join(dir, 'depot');
    await mkdir(depot);
    await writeFile(join(dir, 'big.bin'), bytes);
    const begun: string[] = [];
    let pieces = 0;
    const isCut = Promise.withResolvers<void>();
    proxy.setFault((url) => {
      const [path = '', query] = url.split('?');
      const offset = new URLSearchParams(query).get('offset');
      if (!path.startsWith('/content/uploads/') || offset === null) return undefined;
      if (offset === '0') begun.push(path);
      pieces += 1;
      if (pieces === 2) {
        proxy.cut(true);
        isCut.resolve();
      }
      return undefined;
    });
    await ground.open(`/nodes/name/n1/files?path=${encodeURIComponent(depot)}`);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Upload files', exact: true }).click();
    await (await chooser).setFiles(join(dir, 'big.bin'));
    await isCut.promise;
    await page.getByText('The controller does not answer').waitFor();
    proxy.cut(false);
    await page.getByRole('link', { name: 'big.bin', exact: true }).waitFor();
    expect((await readFile(join(depot, 'big.bin'))).equals(bytes)).toBe(true);
    // Of the file and of the list of what is in it: none was sent from its beginning again.
    expect(begun).toEqual([...new Set(begun)]);
    expect(pieces).toBeGreaterThan(3);
  });
});
