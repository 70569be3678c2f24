// Client certificates with the real kubectl and the real command line against a real controller.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificateRequest } from '../../packages/cli/src/people/certificate-request.ts';
import { drover } from '../harness/cli.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { type Kubectl, openKubectl } from '../harness/kubectl.ts';

let controller: ControllerProcess;
let admin: Kubectl;
let dir: string;

const must = async (...args: readonly string[]): Promise<string> => {
  const done = await drover(controller, args, { cwd: dir });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
  return done.stdout;
};
/** A kubectl whose kubeconfig holds this certificate and its key. */
const holding = async (certPem: string, keyPem: string, layer?: 'v30' | 'v35'): Promise<Kubectl> => {
  const { address, caPem } = controller.context;
  const directory = await mkdtemp(join(dir, 'as-'));
  return openKubectl({ address, caPem, certificate: { certPem, keyPem }, directory }, layer);
};
const revokeAllOf = async (user: string): Promise<void> => {
  const client = createClient(controller.context);
  await client.revokeOf(user);
  client.close();
};

/** A request of kubectl's, as docs/user/people.md has it. */
const request = async (name: string, user: string, groups: readonly string[]) => {
  const { keyPem, requestPem } = makeCertificateRequest(user, groups);
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(requestPem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      expirationSeconds: 86_400,
      usages: ['client auth'],
    },
  };
  const { code, stderr } = await admin.feed(JSON.stringify(object), 'create', '-f', '-');
  if (code !== 0) throw new Error(stderr);
  return keyPem;
};
const certificateOf = async (name: string): Promise<string> => {
  const path = 'jsonpath={.status.certificate}';
  await admin.ok('wait', `--for=${path}`, '--timeout=20s', `csr/${name}`);
  return Buffer.from(await admin.ok('get', 'csr', name, '-o', path), 'base64').toString();
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-certificates-'));
  controller = await ControllerProcess.start({});
  admin = await openKubectl({ ...controller.context, directory: dir });
  await must('user', 'create', 'ada');
  await must('group', 'create', 'lookers', '--member', 'ada');
  await admin.ok('create', 'clusterrolebinding', 'lookers', '--clusterrole=view', '--group=lookers');
});
afterAll(async () => {
  await controller?.close();
  await rm(dir, { recursive: true, force: true });
});

test.each(['v35', 'v30'] as const)(
  'kubectl %s approves a request, and signs in with what is signed',
  async (layer) => {
    const name = `ada-${layer}`;
    const keyPem = await request(name, 'ada', ['lookers']);
    expect(await admin.ok('get', 'csr', name, '--no-headers')).toMatch(
      / kube.*client +admin +24h +Pending$/m,
    );
    await admin.ok('certificate', 'approve', name);
    const ada = await holding(await certificateOf(name), keyPem, layer);
    expect(await admin.ok('get', 'csr', name, '--no-headers')).toContain('Approved,Issued');

    const me = await ada.ok('auth', 'whoami');
    expect(me).toMatch(/^Username +ada$/m);
    expect(me).toMatch(/^Groups +\[lookers system:authenticated\]$/m);
    expect(await ada.ok('auth', 'can-i', 'list', 'nodes')).toContain('yes');
    await ada.ok('get', 'nodes');
    const refused = await ada.try('create', 'namespace', 'hers');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('User "ada" cannot create')]);
    const acting = await ada.try('get', 'nodes', '--as', 'admin');
    expect(acting.stderr).toContain('User "ada" cannot impersonate');

    await revokeAllOf('ada');
    const after = await ada.try('get', 'nodes');
    expect([after.code, after.stderr]).toEqual([1, expect.stringMatching(/logged in|Unauthorized/)]);
  },
);

test('a request that is denied is not signed', async () => {
  await request('denied', 'ada', []);
  await admin.ok('certificate', 'deny', 'denied');
  expect(await admin.ok('get', 'csr', 'denied', '--no-headers')).toMatch(/Denied$/m);
});

test('one for groups of others is refused as it is made', async () => {
  await expect(request('masters', 'ada', ['system:masters'])).rejects.toThrow(
    '"ada" is not in the group "system:masters"',
  );
});

test('a watch of kubectl ends as its certificate is revoked', async () => {
  const keyPem = await request('watcher', 'ada', ['lookers']);
  await admin.ok('certificate', 'approve', 'watcher');
  const ada = await holding(await certificateOf('watcher'), keyPem);
  await admin.ok('create', 'configmap', 'seen');
  const watch = ada.start('get', 'configmaps', '--watch', '-o', 'name');
  await new Promise((resolve) => watch.stdout?.once('data', resolve));
  const ended = new Promise((resolve) => watch.once('close', resolve));
  await revokeAllOf('ada');
  await ended;
});

test('the command line makes, lists and revokes one of one’s own; the key stays beside it', async () => {
  const line = await must('certificate', 'create', 'laptop', '--expires', '30d');
  expect(line).toContain(
    'kubectl config set-credentials laptop --embed-certs --client-certificate=laptop.crt',
  );
  const [key, certificate] = [join(dir, 'laptop.key'), join(dir, 'laptop.crt')];
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  const own = await holding(await readFile(certificate, 'utf8'), await readFile(key, 'utf8'));
  expect(await own.ok('auth', 'whoami')).toMatch(/^Groups +\[system:masters system:authenticated\]$/m);
  await own.ok('create', 'namespace', 'made-by-certificate');

  const id = (await must('certificate', 'list', '-o', 'name')).trim();
  expect(await must('certificate', 'list')).toMatch(new RegExp(`^${id} +laptop +system:masters `, 'm'));
  const trail = await must('audit', 'list', '--user', 'admin', '-o', 'json');
  expect(trail).toContain(`certificate/${id}`);

  await must('certificate', 'revoke', id);
  expect((await own.try('get', 'nodes')).code).toBe(1);
  const again = await drover(controller, ['certificate', 'create', 'laptop'], { cwd: dir });
  expect([again.code === 0, again.stderr]).toEqual([false, expect.stringContaining('it is there already')]);
});

test('the command line makes one for a program, and what it has is taken away by path', async () => {
  await admin.ok('create', 'serviceaccount', 'robot');
  await admin.ok(
    'create',
    'clusterrolebinding',
    'robot',
    '--clusterrole=view',
    '--serviceaccount=default:robot',
  );
  const user = 'system:serviceaccount:default:robot';
  await must('certificate', 'create', 'robot', '--for', user);
  const read = (file: string): Promise<string> => readFile(join(dir, file), 'utf8');
  const robot = await holding(await read('robot.crt'), await read('robot.key'));
  expect(await robot.ok('auth', 'whoami')).toMatch(
    /^Groups +\[system:serviceaccounts system:serviceaccounts:default system:authenticated\]$/m,
  );
  await robot.ok('get', 'nodes');

  const path = '/api/v1/namespaces/default/serviceaccounts/robot/credentials';
  const [own] = (JSON.parse(await admin.ok('get', '--raw', path)) as { items: { id: string }[] }).items;
  await admin.ok('delete', '--raw', `${path}/${own?.id}`);
  expect((await robot.try('get', 'nodes')).code).toBe(1);

  const ghost = await drover(controller, ['certificate', 'create', 'ghost', '--for', 'ghost'], { cwd: dir });
  expect([ghost.code, ghost.stderr]).toEqual([
    1,
    expect.stringContaining('no user or service account "ghost"'),
  ]);
});
