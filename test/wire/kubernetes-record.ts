// Records what a real kubectl sends in protobuf, beside the JSON that kubectl itself makes of the same object:
//   node test/wire/kubernetes-record.ts > test/wire/kubernetes-bodies.json
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubectlPath } from '../harness/kubectl-binary.ts';

interface Case {
  readonly argv: readonly string[];
  /** For what kubectl prints no JSON of. */
  readonly value?: object;
}

const review = (kind: string, spec: object, status: object) => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind,
  metadata: {},
  spec,
  status,
});
const noAnswer = { allowed: false };

const cases: readonly Case[] = [
  { argv: ['create', 'namespace', 'shop'] },
  { argv: ['create', 'configmap', 'settings', '--from-literal=a=1', '--from-literal=b=Grüß Gott'] },
  { argv: ['create', 'configmap', 'empty'] },
  { argv: ['create', 'secret', 'generic', 'key', '--from-literal=p=q', '--type=example.com/key'] },
  {
    argv: [
      ...['create', 'secret', 'docker-registry', 'images', '--docker-server=images.example.com'],
      ...['--docker-username=me', '--docker-password=secret'],
    ],
  },
  { argv: ['create', 'serviceaccount', 'robot'] },
  { argv: ['create', 'clusterrolebinding', 'admins', '--clusterrole=admin', '--group=ops', '--user=eve'] },
  { argv: ['create', 'rolebinding', 'viewers', '--role=view', '--serviceaccount=shop:robot'] },
  {
    argv: ['create', 'token', 'robot', '--duration=1h', '--audience=a'],
    value: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences: ['a'], expirationSeconds: 3600 },
      status: { token: '' },
    },
  },
  {
    argv: ['auth', 'can-i', 'get', '/healthz'],
    value: review(
      'SelfSubjectAccessReview',
      { nonResourceAttributes: { path: '/healthz', verb: 'get' } },
      noAnswer,
    ),
  },
  {
    argv: ['auth', 'can-i', 'delete', 'nodes', '-n', 'shop'],
    value: review(
      'SelfSubjectAccessReview',
      { resourceAttributes: { namespace: 'shop', verb: 'delete', resource: 'nodes' } },
      noAnswer,
    ),
  },
  {
    argv: ['auth', 'can-i', '--list', '-n', 'shop'],
    value: review('SelfSubjectRulesReview', { namespace: 'shop' }, { incomplete: false }),
  },
  {
    argv: ['auth', 'whoami'],
    value: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: {},
      status: { userInfo: {} },
    },
  },
];

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly hex: string;
}

const isProtobuf = (type: string | undefined): boolean => type?.includes('protobuf') === true;

const sent: Sent[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (isProtobuf(request.headers['content-type'])) {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      sent.push({ method: request.method ?? '', path, hex: Buffer.concat(parts).toString('hex') });
    }
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}');
  });
});

const directory = mkdtempSync(join(tmpdir(), 'drover-record-'));

const run = (argv: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { PATH: '/usr/bin:/bin', HOME: directory, KUBECONFIG: join(directory, 'config') };
    const child = spawn(kubectlPath(), argv, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
    });
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });

const record = async ({ argv, value }: Case): Promise<object> => {
  sent.length = 0;
  await run(argv);
  const [body] = sent;
  if (body === undefined) throw new Error(`kubectl ${argv.join(' ')} sent no protobuf`);
  const json = value ?? JSON.parse(await run([...argv, '--dry-run=client', '-o', 'json']));
  return { argv, ...body, value: json };
};

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
writeFileSync(
  join(directory, 'config'),
  JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x', namespace: 'default' } }],
    clusters: [{ name: 'x', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'x', user: {} }],
  }),
);
const bodies: object[] = [];
for (const one of cases) bodies.push(await record(one));
process.stdout.write(`${JSON.stringify(bodies, null, 1)}\n`);
server.close();
rmSync(directory, { recursive: true, force: true });
