// Real kubectl and helm, of both generations, with kinds that users define.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { missingLines, readSteps } from '../harness/document.ts';
import { type Kubectl, openHelm, openKubectl } from '../harness/kubectl.ts';
import { generations, kubectlPath } from '../harness/kubectl-binary.ts';

let ground: Ground;
let directory: string;
/** Of the generation that is being tried. */
let kubectl: Kubectl;
let helm: Kubectl;

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: crontabs.stable.example.com
spec:
  group: stable.example.com
  scope: Namespaced
  names: { plural: crontabs, kind: CronTab, shortNames: [ct], categories: [all] }
  versions:
    - name: v1
      served: true
      storage: true
      subresources:
        status: {}
        scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas }
      additionalPrinterColumns:
        - { name: Spec, type: string, jsonPath: .spec.cronSpec }
        - { name: Replicas, type: integer, jsonPath: .spec.replicas }
        - { name: Age, type: date, jsonPath: .metadata.creationTimestamp }
      schema:
        openAPIV3Schema:
          type: object
          description: CronTab runs an image at set times.
          required: [spec]
          properties:
            spec:
              type: object
              description: What is to be run.
              required: [cronSpec]
              x-kubernetes-validations:
                - rule: self.replicas <= 5 || self.image != 'busybox'
                  message: busybox runs at most five times
                - rule: self.cronSpec != 'now' && self.replicas >= oldSelf.replicas - 5
                  messageExpression: "'from ' + string(oldSelf.replicas) + ' go down in steps'"
              properties:
                cronSpec: { type: string, description: When it runs., pattern: '^(\\S+\\s+){4}\\S+$' }
                image: { type: string, default: busybox }
                replicas: { type: integer, minimum: 1, maximum: 10, default: 1 }
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port]
                  items:
                    type: object
                    required: [port]
                    properties: { port: { type: integer }, name: { type: string } }
            status:
              type: object
              x-kubernetes-preserve-unknown-fields: true
`;

const tab = (name: string, spec: string): string =>
  `apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

const chart: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: bakery\nversion: 1.0.0\n',
  'values.yaml': 'flour: rye\n',
  'crds/breads.yaml': `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: breads.bakery.example.com }
spec:
  group: bakery.example.com
  scope: Namespaced
  names: { plural: breads, kind: Bread }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, properties: { flour: { type: string, enum: [rye, wheat] } } }
`,
  'templates/bread.yaml':
    'apiVersion: bakery.example.com/v1\nkind: Bread\nmetadata: { name: {{ .Release.Name }} }\nspec: { flour: {{ .Values.flour }} }\n',
};

beforeAll(async () => {
  ground = await openGround();
  directory = await mkdtemp(join(tmpdir(), 'drover-custom-'));
  for (const folder of ['crds', 'templates'])
    await mkdir(join(directory, 'bakery', folder), { recursive: true });
  for (const [name, text] of Object.entries(chart)) await writeFile(join(directory, 'bakery', name), text);
});
afterAll(async () => {
  await ground?.close();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

const refused = async (text: string, ...argv: readonly string[]): Promise<string> => {
  const { code, stderr } = await kubectl.feed(text, ...argv, '-f', '-');
  expect(code).toBe(1);
  return stderr;
};

const accepted = async (text: string, ...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await kubectl.feed(text, ...argv, '-f', '-');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe.each(generations)('a kind of one’s own with $kubectl and $helm', ({ layer }) => {
  beforeAll(async () => {
    // A cache of its own: what the other generation discovered is gone.
    const home = await mkdtemp(join(directory, 'home-'));
    kubectl = await openKubectl({ ...ground, directory: home }, layer);
    helm = await openHelm({ ...ground, directory: home }, layer);
  });

  it('is defined, waited for, listed and explained', async () => {
    expect(await accepted(definition, 'apply')).toContain('crontabs.stable.example.com created');
    await kubectl.ok(
      'wait',
      '--for',
      'condition=established',
      '--timeout=20s',
      'crd/crontabs.stable.example.com',
    );
    expect(await kubectl.ok('api-resources', '--api-group=stable.example.com')).toMatch(
      /crontabs\s+ct\s+stable\.example\.com\/v1\s+true\s+CronTab/,
    );
    const explained = await kubectl.ok('explain', 'crontabs.spec.cronSpec');
    expect(explained).toContain('When it runs.');
    expect(explained).toContain('FIELD: cronSpec <string>');
    expect(await kubectl.ok('explain', 'ct')).toContain('CronTab runs an image at set times.');
  });

  it('takes right objects and refuses wrong ones, saying what is wrong', async () => {
    expect(await accepted(tab('nightly', '{ cronSpec: "0 3 * * *" }'), 'apply')).toContain('nightly created');
    expect(await refused(tab('bad', '{ cronSpec: "never", replicas: 11 }'), 'apply')).toMatch(
      /The CronTab "bad" is invalid:[\s\S]*spec\.cronSpec: Invalid value: "never": spec\.cronSpec in body should match[\s\S]*spec\.replicas: Invalid value: 11: spec\.replicas in body should be less than or equal to 10/,
    );
    expect(await refused(tab('bad', '{ image: x }'), 'apply')).toContain('spec.cronSpec: Required value');
    expect(await refused(tab('bad', '{ cronSpec: "0 3 * * *", color: red }'), 'apply')).toContain(
      'unknown field "spec.color"',
    );
    const busy = tab('bad', '{ cronSpec: "0 3 * * *", replicas: 6 }');
    expect(await refused(busy, 'apply')).toContain(
      'spec: Invalid value: "object": busybox runs at most five times',
    );
    const unknown = definition.replace('self.replicas <= 5', 'self.copies <= 5');
    expect(await refused(unknown, 'apply')).toContain("compilation failed: undefined field 'copies'");
    const table = await kubectl.ok('get', 'ct');
    expect(table).toMatch(/NAME\s+SPEC\s+REPLICAS\s+AGE\s+nightly\s+0 3 \* \* \*\s+1\s+\d+s/);
    expect(await kubectl.ok('get', 'all')).toContain('nightly ');
  });

  it('is changed by apply, edit in place, patch, scale and status', async () => {
    expect(await accepted(tab('nightly', '{ cronSpec: "0 4 * * *", replicas: 2 }'), 'apply')).toContain(
      'nightly configured',
    );
    expect(
      (await kubectl.feed(tab('nightly', '{ cronSpec: "0 5 * * *" }'), 'diff', '-f', '-')).stdout,
    ).toContain('+  cronSpec: 0 5 * * *');
    await kubectl.ok('patch', 'ct', 'nightly', '--type=merge', '-p', '{"spec":{"image":"alpine"}}');
    await kubectl.ok(
      'patch',
      'ct',
      'nightly',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/spec/ports","value":[{"port":80}]}]',
    );
    expect(await kubectl.ok('scale', 'ct/nightly', '--replicas=5')).toContain('nightly scaled');
    const { stderr } = await kubectl.try('scale', 'ct/nightly', '--replicas=50');
    expect(stderr).toContain('should be less than or equal to 10');
    await kubectl.ok('scale', 'ct/nightly', '--replicas=10');
    expect((await kubectl.try('scale', 'ct/nightly', '--replicas=4')).stderr).toContain(
      'from 10 go down in steps',
    );
    await kubectl.ok('scale', 'ct/nightly', '--replicas=5');
    await kubectl.ok(
      'patch',
      'ct',
      'nightly',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"replicas":4}}',
    );
    await kubectl.ok('wait', 'ct/nightly', '--for=jsonpath={.status.replicas}=4', '--timeout=10s');
    const path = '{.spec.cronSpec} {.spec.image} {.spec.replicas} {.spec.ports[0].port} {.status.replicas}';
    expect(await kubectl.ok('get', 'ct', 'nightly', '-o', `jsonpath=${path}`)).toBe(
      '0 4 * * * alpine 5 80 4',
    );
    await kubectl.ok('label', 'ct', 'nightly', 'team=a');
    expect(await kubectl.ok('get', 'ct', '-l', 'team=a', '-o', 'name')).toBe(
      'crontab.stable.example.com/nightly\n',
    );
  });

  it('is applied on the server by two managers, port by port', async () => {
    const ports = (port: number, name: string) =>
      tab('shared', `{ cronSpec: "0 3 * * *", ports: [{ port: ${port}, name: ${name} }] }`);
    const apply = ['apply', '--server-side', '--field-manager'];
    await accepted(ports(80, 'web'), ...apply, 'one');
    await accepted(ports(443, 'tls'), ...apply, 'two');
    expect(await refused(ports(80, 'mine'), ...apply, 'two')).toContain('conflict with "one"');
    const path = '{.spec.ports[*].name}';
    expect(await kubectl.ok('get', 'ct', 'shared', '-o', `jsonpath=${path}`)).toBe('web tls');
  });

  it('may be used by whom a role allows', async () => {
    const may = async (...argv: readonly string[]) =>
      (await kubectl.try('auth', 'can-i', ...argv, '--as=ann')).stdout.trim();
    expect(await may('list', 'crontabs')).toBe('no');
    await kubectl.ok('create', 'role', 'tabs', '--verb=get,list', '--resource=crontabs.stable.example.com');
    await kubectl.ok('create', 'rolebinding', 'tabs', '--role=tabs', '--user=ann');
    expect(await may('list', 'crontabs')).toBe('yes');
    expect(await may('delete', 'crontabs')).toBe('no');
    await kubectl.ok('delete', 'role/tabs', 'rolebinding/tabs');
  });

  it('goes with its definition, its objects first', async () => {
    expect(await kubectl.ok('delete', 'crd', 'crontabs.stable.example.com', '--timeout=20s')).toContain(
      'deleted',
    );
    expect((await kubectl.try('get', 'crontabs')).code).toBe(1);
    await accepted(definition, 'create');
    await kubectl.ok(
      'wait',
      '--for',
      'condition=established',
      '--timeout=20s',
      'crd/crontabs.stable.example.com',
    );
    expect((await kubectl.ok('get', 'crontabs.stable.example.com', '-o', 'name')).trim()).toBe('');
    await kubectl.ok('delete', 'crd', 'crontabs.stable.example.com', '--timeout=20s');
  });

  it('comes with a chart, whose objects are installed, upgraded, rolled back and uninstalled', async () => {
    const flour = () => kubectl.ok('get', 'breads', 'loaf', '-o', 'jsonpath={.spec.flour}');
    const path = join(directory, 'bakery');
    expect(await helm.ok('install', 'loaf', path, '--wait')).toContain('STATUS: deployed');
    expect(await flour()).toBe('rye');
    await helm.ok('upgrade', 'loaf', path, '--set', 'flour=wheat', '--wait');
    expect(await flour()).toBe('wheat');
    const wrong = await helm.try('upgrade', 'loaf', path, '--set', 'flour=oats');
    expect(wrong.stderr).toContain('spec.flour: Unsupported value: "oats": supported values: "rye", "wheat"');
    await helm.ok('rollback', 'loaf', '1', '--wait');
    expect(await flour()).toBe('rye');
    await helm.ok('uninstall', 'loaf', '--wait');
    expect((await kubectl.ok('get', 'breads', '-o', 'name')).trim()).toBe('');
    // helm leaves definitions to people.
    await kubectl.ok('delete', 'crd', 'breads.bakery.example.com', '--timeout=20s');
  });
});

const run = promisify(execFile);

it('does what docs/user/kinds.md shows', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/user/kinds.md'), 'utf8');
  const home = await mkdtemp(join(directory, 'page-'));
  await openKubectl({ ...ground, directory: home });
  for (const [, file = '', body = ''] of text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g))
    await writeFile(join(home, file), body);
  const path = `${dirname(kubectlPath())}:${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, HOME: home, KUBECONFIG: join(home, 'kubeconfig'), PATH: path };
  const steps = readSteps(text);
  expect(steps.length).toBeGreaterThan(7);
  for (const step of steps) {
    const { stdout } = await run('sh', ['-c', step.command], { env, cwd: home });
    expect({ command: step.command, missing: missingLines(step, stdout) }).toEqual({
      command: step.command,
      missing: [],
    });
  }
});
