// Makes the data directory of this release for the upgrade test: test/fixtures/releases/VERSION/data.tar.gz, from the real
// controller, agent and command line. Run once for each release, from its commit: node scripts/release-fixture.ts
// Needs python3, GNU tar and gzip, and what npm start builds.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandRuns, createClient, events, nodes } from '@drover/client';
import { AgentProcess } from '../test/harness/agents.ts';
import { codeOf, untilStepIsYoung } from '../test/harness/authenticator-app.ts';
import { drover } from '../test/harness/cli.ts';
import { ControllerProcess, root } from '../test/harness/controller.ts';
import { Pty } from '../test/harness/pty.ts';
import { listEverything, packRelease, type ReleaseSecrets, releasesDir } from '../test/harness/release.ts';
import { waitFor } from '../test/harness/wait.ts';
import { objects, ofDefinition } from './release-fixture/objects.ts';

const mostBytes = 300 * 1024;
/** Five years: the longest that a node's certificate may live. */
const certificateHours = '43800';
const password = 'of-a-fixture-and-nothing-else';

type Drover = (args: readonly string[], input?: string) => Promise<string>;

const droverOf =
  (controller: Pick<ControllerProcess, 'contextFile'>, cwd: string): Drover =>
  async (args, input = '') => {
    const done = await drover(controller, args, { input, cwd });
    if (done.code !== 0) throw new Error(`drover ${args.join(' ')} ended with ${done.code}: ${done.stderr}`);
    return done.stdout;
  };

/** Objects of every kind, as somebody applies them. */
const makeObjects = async (must: Drover): Promise<void> => {
  for (const object of objects) await must(['apply', '-f', '-'], JSON.stringify(object));
  await waitFor('the defined kind', async () => (await must(['get', 'racks', '-A'])) !== undefined);
  await must(['apply', '-f', '-'], JSON.stringify(ofDefinition));
};

/** Runs that end well, badly and in a signal, a push, a pull, and a recorded terminal. */
const makeWork = async (controller: ControllerProcess, must: Drover, dir: string): Promise<void> => {
  const may = (args: readonly string[]) => drover(controller, args, { cwd: dir });
  await must(['run', '-n', 'n1', '--', 'sh', '-c', 'echo to stdout; echo to stderr >&2']);
  await may(['run', '-n', 'n1', '--', 'sh', '-c', 'echo failing; exit 3']);
  await may(['run', '-n', 'n1', '--', 'sh', '-c', 'kill -TERM $$']);
  await may(['run', '-n', 'n1', '--timeout', '1s', '--', 'sleep', '60']);
  await mkdir(join(dir, 'pushed/below'), { recursive: true });
  await writeFile(join(dir, 'pushed/a.txt'), 'first file\n');
  await writeFile(join(dir, 'pushed/below/b.bin'), Buffer.from([0, 1, 2, 254, 255]));
  await must(['push', '-n', 'n1', 'pushed', `:${join(dir, 'arrived')}`]);
  await must(['pull', '-n', 'n1', `:${join(dir, 'arrived')}`, join(dir, 'fetched')]);
  const shell = Pty.drover(controller, 'shell', 'n1', '--', 'sh', '-c', 'echo in a terminal');
  if ((await shell.ended) !== 0) throw new Error(`the terminal ended badly: ${shell.shown}`);
};

/** A person with a password, an app with codes, and a token. */
const makePerson = async (
  controller: ControllerProcess,
  must: Drover,
  dir: string,
): Promise<ReleaseSecrets> => {
  await must(['user', 'passwd', 'alice'], `${password}\n`);
  const { address, caPem } = controller.context;
  await writeFile(join(dir, 'ca.pem'), caPem);
  process.env['DROVER_CONFIG'] = join(dir, 'config.json');
  await must(
    ['login', address, '--ca-file', join(dir, 'ca.pem'), '--user', 'alice', '--as', 'alice'],
    `${password}\n`,
  );
  const { contexts } = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as {
    readonly contexts: Readonly<Record<string, { readonly token: string }>>;
  };
  const client = createClient({ address, caPem, token: contexts['alice']?.token ?? '' });
  try {
    const { secret } = await client.beginTotp(password);
    await untilStepIsYoung();
    const { recoveryCodes } = await client.confirmTotp(codeOf(secret));
    const { token } = await client.createToken({ description: 'for the upgrade', expiresSeconds: 0 });
    return {
      user: 'alice',
      password,
      totpSecret: secret,
      recoveryCode: recoveryCodes[0] ?? '',
      apiToken: token,
    };
  } finally {
    client.close();
  }
};

const isReady = async (client: ReturnType<typeof createClient>): Promise<boolean> => {
  const { status } = await client.get(nodes, 'n1');
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
};

const isSettled = async (client: ReturnType<typeof createClient>): Promise<boolean> => {
  const { items } = await client.list(commandRuns);
  return (
    items.every(({ status }) => status?.completionTime !== undefined) &&
    (await client.list(events)).items.length > 0
  );
};

const make = async (dir: string, version: string): Promise<string> => {
  await mkdir(join(dir, 'data'), { mode: 0o700 });
  const args = ['--node-certificate-hours', certificateHours];
  const controller = await ControllerProcess.start({ dataDir: join(dir, 'data'), args });
  const must = droverOf(controller, dir);
  const client = createClient(controller.context);
  const token = /DROVER_TOKEN=(\S+)/.exec(await must(['token', 'create']))?.[1] ?? '';
  const agent = new AgentProcess({
    context: controller.context,
    token,
    name: 'n1',
    dir: join(dir, 'agents'),
  });
  try {
    await agent.join();
    await waitFor('the agent', () => isReady(client));
    await makeObjects(must);
    const secrets = await makePerson(controller, must, dir);
    await makeWork(controller, must, dir);
    await waitFor('all runs to end', () => isSettled(client));
    await agent.end();
    await waitFor('the node to be away', async () => !(await isReady(client)));
    const listing = await listEverything(client);
    await controller.stop();
    return await packRelease({ dir, version, listing, secrets }, join(releasesDir, version));
  } finally {
    client.close();
    await agent.end('SIGKILL');
    await controller.stop();
  }
};

const main = async (): Promise<void> => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const dir = await mkdtemp(join(tmpdir(), 'drover-release-'));
  try {
    const file = await make(dir, version);
    const { size } = await stat(file);
    process.stdout.write(`${file}: ${Math.ceil(size / 1024)} KiB\n`);
    if (size > mostBytes)
      throw new Error(`cannot keep ${file}: ${size} bytes are more than ${mostBytes}; make less in it`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

await main();
