// Owns the real kubectl and the real helm for tests: signed in to a controller, with a kubeconfig of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { helmPath, type KubectlResult, kubectlPath, type Layer } from './kubectl-binary.ts';

export interface Kubectl {
  /** Standard output; throws with what kubectl said when it fails. */
  ok(...argv: readonly string[]): Promise<string>;
  /** Whatever the outcome. */
  try(...argv: readonly string[]): Promise<KubectlResult>;
  /** With text on standard input. */
  feed(input: string, ...argv: readonly string[]): Promise<KubectlResult>;
  /** Keeps running; the caller kills it. */
  start(...argv: readonly string[]): ChildProcess;
}

interface Target {
  readonly address: string;
  readonly caPem: string;
  /** How it signs in: a token, or a certificate and its key. */
  readonly token?: string;
  readonly certificate?: { readonly certPem: string; readonly keyPem: string };
  /** Of its own for kubeconfig and cache. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
}

const toUser = ({ token, certificate }: Target): object =>
  certificate === undefined
    ? { token }
    : {
        'client-certificate-data': Buffer.from(certificate.certPem).toString('base64'),
        'client-key-data': Buffer.from(certificate.keyPem).toString('base64'),
      };

/** A kubeconfig that trusts the controller's CA. */
const toKubeconfig = (target: Target): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'drover',
    contexts: [{ name: 'drover', context: { cluster: 'drover', user: 'admin', namespace: 'default' } }],
    clusters: [
      {
        name: 'drover',
        cluster: {
          server: target.address,
          'certificate-authority-data': Buffer.from(target.caPem).toString('base64'),
        },
      },
    ],
    users: [{ name: 'admin', user: toUser(target) }],
  });

const openTool = async (path: string, target: Target): Promise<Kubectl> => {
  const config = join(target.directory, 'kubeconfig');
  await writeFile(config, toKubeconfig(target), { mode: 0o600 });
  const home = { HOME: target.directory, XDG_CACHE_HOME: target.directory };
  const env = { ...process.env, KUBECONFIG: config, ...home, ...target.env };
  const start = (...argv: readonly string[]): ChildProcess => spawn(path, [...argv], { env });
  const feed = (input: string, ...argv: readonly string[]): Promise<KubectlResult> =>
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
  const attempt = (...argv: readonly string[]): Promise<KubectlResult> => feed('', ...argv);
  return {
    feed,
    start,
    try: attempt,
    ok: async (...argv) => {
      const { code, stdout, stderr } = await attempt(...argv);
      if (code !== 0) throw new Error(`${basename(path)} ${argv.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
  };
};

export const openKubectl = (target: Target, layer?: Layer): Promise<Kubectl> =>
  openTool(kubectlPath(layer), target);

/** helm has the same ways as kubectl has. */
export const openHelm = (target: Target, layer?: Layer): Promise<Kubectl> =>
  openTool(helmPath(layer), target);
