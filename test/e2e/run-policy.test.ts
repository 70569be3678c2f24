// Run policies with real agents: the page of the user guide does what it shows, and what waits for approval survives.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../harness/agents.ts';
import { type CliResult, drover as cli } from '../harness/cli.ts';
import { ControllerProcess, root } from '../harness/controller.ts';
import { isLook, missingLines, readSteps, type Step } from '../harness/document.ts';
import { openKubectl } from '../harness/kubectl.ts';
import { kubectlPath } from '../harness/kubectl-binary.ts';
import { waitFor } from '../harness/wait.ts';

let controller: ControllerProcess;
let dir: string;
const agents: AgentProcess[] = [];

const drover = (...args: string[]): Promise<CliResult> => cli(controller, args, { cwd: dir });
const must = async (...args: string[]): Promise<string> => {
  const done = await drover(...args);
  expect(done, `${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-run-policy-'));
  controller = await ControllerProcess.start();
  const made = await must('token', 'create', '--uses', '3', '-o', 'json');
  const token = /DROVER_TOKEN=(\S+)/.exec(made)?.[1] ?? '';
  for (const name of ['n1', 'n2', 'n3']) {
    const agent = new AgentProcess({ context: controller.context, token, name, dir });
    agents.push(agent);
    await agent.join();
  }
  const isReady = async () => ((await must('nodes')).match(/\bReady\b/g) ?? []).length === 3;
  await waitFor('the agents to be ready', isReady, 60_000);
  await openKubectl({ ...controller.context, directory: dir });
});
afterAll(async () => {
  for (const agent of agents) await agent.close();
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

const shell = (command: string): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const path = `${join(root, 'packages/cli/bin')}:${dirname(kubectlPath())}:${process.env['PATH']}`;
    const own = { PATH: path, HOME: dir, KUBECONFIG: join(dir, 'kubeconfig'), NO_COLOR: '1' };
    const env = { ...process.env, ...own, DROVER_CONTEXT: controller.contextFile };
    const child = spawn('sh', ['-c', `{ ${command}\n} 2>&1`], { cwd: dir, env });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });

const runStep = async (step: Step): Promise<void> => {
  const command = step.command.replaceAll('7443', String(controller.port));
  const missing = async (): Promise<string> => {
    const done = await shell(command);
    expect(done.code, `${command}\n${done.output}`).toBe(0);
    const lines = missingLines(step, done.output);
    return lines.length === 0 ? '' : [command, ...lines, 'is not in:', done.output].join('\n');
  };
  let wrong = await missing();
  if (wrong !== '' && isLook(step))
    await waitFor(command, async () => {
      wrong = await missing();
      return wrong === '';
    }).catch(() => undefined);
  expect(wrong).toBe('');
};

test('the page about run policies does what it shows', { timeout: 240_000 }, async () => {
  const text = await readFile(join(root, 'docs/user/policy-runs.md'), 'utf8');
  for (const [, file = '', body = ''] of text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g))
    await writeFile(join(dir, file), body);
  const steps = readSteps(text);
  expect(steps.length).toBeGreaterThan(15);
  for (const step of steps) await runStep(step);
});

test('the policy with windows that the page shows is accepted', async () => {
  expect(await must('apply', '-f', 'hours.yaml')).toContain('runpolicy/hours created');
});

test('a run that waits for approval survives kill -9, starts nothing, and begins when it is approved', {
  timeout: 120_000,
}, async () => {
  const asAlice = await shell(
    'DROVER_CONTEXT= drover --context alice run --name waits --detach -n n1 -- echo migrate',
  );
  expect(asAlice).toMatchObject({ code: 0 });
  const phase = async (): Promise<string> => must('runs', 'show', 'waits');
  await waitFor('the question', async () => (await phase()).includes('waiting for approval'));
  await controller.kill9();
  await controller.start();
  await waitFor('the question again', async () => (await phase()).includes('waiting for approval'));
  expect(await must('runs', 'show', 'waits')).toContain('Pending');
  await must('runs', 'approve', 'waits');
  await waitFor('the run to end', async () => (await phase()).includes('Succeeded'), 30_000);
  expect(await must('runs', 'log', 'waits', '--raw')).toBe('migrate\n');
});

test('a run that is rejected ends as cancelled, with who and why, and ran nowhere', async () => {
  const command = 'drover --context alice run --name unwanted --detach -n n1 -- echo migrate';
  expect(await shell(`DROVER_CONTEXT= ${command}`)).toMatchObject({ code: 0 });
  await waitFor('the question', async () => (await must('runs', 'show', 'unwanted')).includes('Pending'));
  expect(await must('runs', 'reject', 'unwanted', '--reason', 'not today')).toBe('unwanted rejected\n');
  const shown = await waitFor('the end', async () => {
    const text = await must('runs', 'show', 'unwanted');
    return text.includes('Cancelled') ? text : undefined;
  });
  expect(shown).toContain('rejected by admin: not today');
  expect(await must('runs', 'log', 'unwanted', '--raw')).toBe('');
  const again = await drover('runs', 'approve', 'unwanted');
  expect(again.stderr).toContain('cannot approve unwanted: it has no gate');
});

test('a task for a node that was away is held to the policy as it is when the node is back', {
  timeout: 120_000,
}, async () => {
  const [, , third] = agents;
  await third?.end();
  await waitFor('n3 to be missed', async () => /n3 +.*NotReady/.test(await must('nodes')), 60_000);
  await must('run', '--name', 'late', '--detach', '-n', 'n3', '--', 'echo', 'late');
  const policy = {
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'RunPolicy',
    metadata: { name: 'closed' },
    spec: { allow: { commands: [] } },
  };
  await writeFile(join(dir, 'closed.json'), JSON.stringify(policy));
  await must('apply', '-f', 'closed.json');
  third?.run();
  await waitFor('the run to end', async () => (await must('get', 'run', 'late')).includes('Failed'), 60_000);
  expect(await must('runs', 'show', 'late')).toContain(
    'never-started: run policy closed does not allow this command',
  );
  await must('delete', 'runpolicy', 'closed');
});
