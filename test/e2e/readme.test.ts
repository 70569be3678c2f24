// Docs are executed: the tour of the README, then the pages of the user guide, run as they stand there (ports aside) on
// one lab and one controller, and end as they say.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress } from '../../lab/index.ts';
import { ControllerProcess, root } from '../harness/controller.ts';
import { isLook, missingLines, readSteps, type Step } from '../harness/document.ts';
import { kubectlPath } from '../harness/kubectl-binary.ts';
import { waitFor } from '../harness/wait.ts';

/** In this order: each goes on from what the one before has left. */
const pages = [
  'controller',
  'access',
  'people',
  'servers',
  'commands',
  'files',
  'audit',
  'secrets',
  'signing',
  'trouble',
];
const lastStep = 'drover lab down';

let controller: ControllerProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-readme-'));
  controller = await ControllerProcess.start({ address: gatewayAddress });
});
afterAll(async () => {
  await runShell(lastStep);
  await controller?.close();
  await rm(folder, { recursive: true, force: true });
});

const runShell = (command: string): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${join(root, 'packages/cli/bin')}:${dirname(kubectlPath())}:${process.env['PATH']}`,
        DROVER_CONTEXT: controller.contextFile,
        KUBECONFIG: join(folder, 'kubeconfig'),
        HOME: folder,
        // The base trees of the lab, which are long in the making, stay where they are.
        XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '/root', '.cache'),
        XDG_RUNTIME_DIR: folder,
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });

const ownPorts = (command: string): string =>
  command.replaceAll('7443', String(controller.port)).replaceAll('7444', String(controller.agentPort));

const runOnce = async (step: Step): Promise<readonly string[]> => {
  const done = await runShell(ownPorts(step.command));
  expect(done.code, `${step.command}\n${done.output}`).toBe(0);
  const missing = missingLines(step, done.output);
  return missing.length === 0 ? [] : [step.command, ...missing, 'is not in:', done.output];
};

/** What only looks is looked at again until it shows what it should. */
const runStep = async (step: Step): Promise<void> => {
  let wrong = await runOnce(step);
  const isRight = async (): Promise<boolean> => {
    wrong = await runOnce(step);
    return wrong.length === 0;
  };
  if (wrong.length > 0 && isLook(step)) await waitFor(step.command, isRight).catch(() => undefined);
  expect(wrong.join('\n')).toBe('');
};

test('the tour of the README does what it shows', { timeout: 240_000 }, async () => {
  const steps = readSteps(await readFile(join(root, 'README.md'), 'utf8'));
  const tour = steps.filter(({ command }) => !command.startsWith('npm start'));
  expect(tour.length).toBeGreaterThan(6);
  expect(tour.at(-1)?.command).toBe(lastStep); // done at the very end: the guide goes on with the lab
  for (const { command, output } of tour.slice(0, -1)) {
    // The table of nodes also shows this machine, which the test's controller does not enrol.
    const isNodes = command === 'drover nodes';
    await runStep({ command, output: isNodes ? output.filter((line) => !line.startsWith('vm ')) : output });
  }
});

test('every page of the user guide that shows commands is run', async () => {
  const files = await readdir(join(root, 'docs/user'));
  // custom-kinds.test.ts runs the page about kinds, run-policy.test.ts that about run policies, policies.test.ts the last;
  // packages.test.ts does what the page about installing says, store-migrate.test.ts what that about PostgreSQL tells.
  const others = ['backup', 'cli', 'console', 'install', 'kinds', 'policy-runs', 'policy', 'postgresql'];
  expect(files.sort()).toEqual([...pages, ...others].map((name) => `${name}.md`).sort());
  for (const page of ['cli', 'console'])
    expect(readSteps(await readFile(join(root, `docs/user/${page}.md`), 'utf8'))).toEqual([]);
});

test.each(pages)('the user guide does what it shows: %s', { timeout: 240_000 }, async (page) => {
  const steps = readSteps(await readFile(join(root, 'docs/user', `${page}.md`), 'utf8'));
  for (const step of steps) await runStep(step);
});

test('the lab ends when it is told to', { timeout: 60_000 }, async () => {
  await runStep({ command: lastStep, output: [] });
});
