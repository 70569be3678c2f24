// Docs are executed: the tour of the README runs as it stands there (ports aside), and ends as it says.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayAddress } from '../../lab/index.ts';
import { ControllerProcess, root } from '../harness/controller.ts';

interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands of the README's console blocks, each with the output shown below it. */
const readSteps = (markdown: string): readonly Step[] =>
  [...markdown.matchAll(/```console\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...output] = text.trimEnd().split('\n');
      return { command, output };
    });

/** What differs from machine to machine and from time to time: names of runs, numbers, addresses, kernels. */
const shapeOf = (line: string): string =>
  line
    .replace(/\b(run|push|join)-[a-z0-9]{5}\b/g, '$1-*')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
    .replace(/Linux \S+/, 'Linux *')
    .replace(/:\d{4,5}\b/g, ':PORT')
    .replace(/in [\d.]+m?s?/g, 'in *')
    .trim();

let controller: ControllerProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-readme-'));
  controller = await ControllerProcess.start({ address: gatewayAddress });
});
afterAll(async () => {
  await runShell('drover lab down');
  await controller?.close();
  await rm(folder, { recursive: true, force: true });
});

const runShell = (command: string): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${join(root, 'packages/cli/bin')}:${process.env['PATH']}`,
        DROVER_CONTEXT: controller.contextFile,
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
  command.replace('7443', String(controller.port)).replace('7444', String(controller.agentPort));

test('the tour of the README does what it shows', { timeout: 240_000 }, async () => {
  const steps = readSteps(await readFile(join(root, 'README.md'), 'utf8'));
  const tour = steps.filter(({ command }) => !command.startsWith('npm start'));
  expect(tour.length).toBeGreaterThan(6);
  for (const { command, output } of tour) {
    const done = await runShell(ownPorts(command));
    expect(done.code, `${command}\n${done.output}`).toBe(0);
    const got = done.output.split('\n').map(shapeOf);
    // The table of nodes also shows this machine, which the test's controller does not enrol, and ages differ.
    if (command === 'drover nodes') continue;
    for (const line of output.map(shapeOf)) expect(got, command).toContain(line);
  }
});
