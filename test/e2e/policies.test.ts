// Real kubectl, of both generations, with admission policies.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@drover/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runPolicyController } from '../../packages/controller/src/controllers/policy/controller.ts';
import { silentLog } from '../../packages/controller/src/platform/log.ts';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { leftBy } from '../../packages/controller/src/server/test-trail.ts';
import { ControllerProcess } from '../harness/controller.ts';
import { missingLines, readSteps } from '../harness/document.ts';
import { type Kubectl, openKubectl } from '../harness/kubectl.ts';
import { generations, kubectlPath } from '../harness/kubectl-binary.ts';

let ground: Ground;
let controller: ReturnType<typeof runPolicyController>;
let directory: string;
/** Of the generation that is being tried. */
let kubectl: Kubectl;

beforeAll(async () => {
  ground = await openGround();
  controller = runPolicyController({ resources: ground.resources, log: silentLog });
  directory = await mkdtemp(join(tmpdir(), 'drover-policies-'));
});
afterAll(async () => {
  await controller?.close();
  await ground?.close();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

const group = 'admissionregistration.k8s.io';

const everything = "apiGroups: ['*'], apiVersions: ['*']";

const policy = (resource: string, spec: string, groups = everything): string => `
apiVersion: ${group}/v1
kind: ValidatingAdmissionPolicy
metadata: { name: demo }
spec:
  matchConstraints:
    resourceRules:
      - { ${groups}, operations: ['*'], resources: [${resource}] }
${spec}
`;
const binding = (spec: string): string => `
---
apiVersion: ${group}/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: demo-binding }
spec: { policyName: demo, ${spec} }
`;
const small = "  validations: [{ expression: 'object.data.size() < 2', message: at most one }]";

const feed = async (manifest: string, ...argv: readonly string[]) => {
  const { code, stdout, stderr } = await kubectl.feed(manifest, ...argv, '-f', '-');
  return { code, text: stdout + stderr };
};
const enact = async (manifest: string): Promise<void> =>
  expect(await feed(manifest, 'apply')).toMatchObject({ code: 0 });
const create = (name: string, count: number, ...more: readonly string[]) => {
  const data = Array.from({ length: count }, (_, i) => `--from-literal=k${i}=v`);
  return kubectl.try('create', 'configmap', name, ...data, ...more);
};

describe.each(generations)('with $kubectl, a policy', ({ layer }) => {
  beforeAll(async () => {
    kubectl = await openKubectl({ ...ground, directory: await mkdtemp(join(directory, `${layer}-`)) }, layer);
  });
  beforeEach(async () => {
    for (const kind of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies', 'configmaps'])
      await kubectl.ok('delete', kind, '--all');
  });

  it('that denies is told in the words of Kubernetes', async () => {
    await enact(policy('configmaps', small) + binding('validationActions: [Deny]'));
    const words = "ValidatingAdmissionPolicy 'demo' with binding 'demo-binding' denied request: at most one";
    const refused = await feed(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { a: "1", b: "2" }\n',
      'apply',
    );
    expect(refused).toEqual({ code: 1, text: `The configmaps "x" is invalid: : ${words}\n` });
    expect(await create('one', 1)).toMatchObject({ code: 0, stdout: 'configmap/one created\n' });
    const dry = await create('two', 2, '--dry-run=server');
    expect(dry.stderr).toContain(words);
    const grown = await kubectl.try('patch', 'cm', 'one', '--type=merge', '-p', '{"data":{"b":"2"}}');
    expect(grown.stderr).toContain(words);
    expect(
      (
        await feed(
          'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\ndata: { a: "1", b: "2" }\n',
          'apply',
          '--server-side',
        )
      ).text,
    ).toContain(words);
  });

  it('that forbids a deletion keeps the object', async () => {
    await create('kept', 1);
    const spec = "  validations: [{ expression: 'object != null', reason: Forbidden, message: it stays }]";
    await enact(policy('configmaps', spec) + binding('validationActions: [Deny]'));
    const refused = await kubectl.try('delete', 'configmap', 'kept');
    expect(refused.stderr).toContain('Error from server (Forbidden): configmaps "kept" is forbidden: ');
    expect(await kubectl.ok('get', 'configmap', 'kept', '-o', 'name')).toBe('configmap/kept\n');
  });

  it('that warns prints a warning, and the request passes', async () => {
    await enact(policy('configmaps', small) + binding('validationActions: [Warn]'));
    const { code, stdout, stderr } = await create('warned', 2);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'configmap/warned created\n' });
    expect(stderr).toBe(
      "Warning: Validation failed for ValidatingAdmissionPolicy 'demo' with binding 'demo-binding': at most one\n",
    );
  });

  it('that audits leaves its annotations in the row of the request', async () => {
    const notes = "  auditAnnotations: [{ key: size, valueExpression: 'string(object.data.size())' }]";
    await enact(policy('configmaps', `${small}\n${notes}`) + binding('validationActions: [Audit]'));
    const rows = await leftBy(ground, () => create('noted', 2));
    const made = rows.find(({ verb }) => verb === 'create');
    expect(made?.annotations).toEqual({
      'demo/size': '2',
      'validation.policy.admission.k8s.io/validation_failure':
        expect.stringContaining('"message":"at most one"'),
    });
  });

  it('takes its params from a ConfigMap', async () => {
    const spec = `
  paramKind: { apiVersion: v1, kind: ConfigMap }
  validations: [{ expression: 'object.data.size() <= int(params.data.max)' }]`;
    const paramRef = 'paramRef: { name: limits, namespace: default, parameterNotFoundAction: Deny }';
    await enact(policy('secrets', spec) + binding(`${paramRef}, validationActions: [Deny]`));
    const make = (...data: readonly string[]) =>
      kubectl.try('create', 'secret', 'generic', 'x', '--dry-run=server', ...data);
    expect((await make()).stderr).toContain('failed to configure binding: no params found');
    await kubectl.ok('create', 'configmap', 'limits', '--from-literal=max=1');
    expect((await make('--from-literal=a=1')).code).toBe(0);
    const { stderr } = await make('--from-literal=a=1', '--from-literal=b=2');
    expect(stderr).toContain('failed expression: object.data.size() <= int(params.data.max)');
  });

  it('takes its params from a kind that users defined', async () => {
    const schema = 'openAPIV3Schema: { type: object, properties: { max: { type: integer } } }';
    const crd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: limits.rules.example.com }
spec:
  group: rules.example.com
  scope: Namespaced
  names: { plural: limits, kind: Limit }
  versions: [{ name: v1, served: true, storage: true, schema: { ${schema} } }]
`;
    await enact(crd);
    await kubectl.ok('wait', '--for=condition=established', 'crd/limits.rules.example.com', '--timeout=20s');
    await enact('apiVersion: rules.example.com/v1\nkind: Limit\nmetadata: { name: small }\nmax: 1\n');
    const spec = `
  paramKind: { apiVersion: rules.example.com/v1, kind: Limit }
  validations: [{ expression: 'object.data.size() <= params.max' }]`;
    const paramRef = 'paramRef: { name: small, parameterNotFoundAction: Deny }';
    await enact(policy('configmaps', spec) + binding(`${paramRef}, validationActions: [Deny]`));
    expect((await create('two', 2)).code).toBe(1);
    await kubectl.ok('patch', 'limit', 'small', '--type=merge', '-p', '{"max":2}');
    expect((await create('two', 2)).code).toBe(0);
    await kubectl.ok('delete', 'crd', 'limits.rules.example.com');
  });

  it('is refused with its path, listed, explained, and checked against the schema', async () => {
    const broken = policy('configmaps', "  validations: [{ expression: 'object.' }]");
    expect((await feed(broken, 'apply')).text).toContain(
      'spec.validations[0].expression: Invalid value: "object."',
    );
    const both = binding('validationActions: [Deny, Warn]');
    expect((await feed(both, 'apply')).text).toContain('must not contain both Deny and Warn');
    const wrong = "  validations: [{ expression: 'object.dta.a == null' }]";
    await enact(policy('configmaps', wrong, "apiGroups: [''], apiVersions: [v1]"));
    const path =
      '--for=jsonpath={.status.typeChecking.expressionWarnings[0].fieldRef}=spec.validations[0].expression';
    await kubectl.ok('wait', 'validatingadmissionpolicy/demo', path, '--timeout=20s');
    expect(await kubectl.ok('get', 'validatingadmissionpolicies')).toMatch(
      /NAME\s+VALIDATIONS\s+PARAMKIND\s+AGE\s+demo\s+1\s+<unset>/,
    );
    const explained = await kubectl.ok('explain', 'validatingadmissionpolicy.spec.validations.expression');
    expect(explained).toContain('Must be true.');
  });
});

it('counts for the first request after kill -9 and a restart', async () => {
  const controller = await ControllerProcess.start();
  try {
    kubectl = await openKubectl({
      ...controller.context,
      directory: await mkdtemp(join(directory, 'killed-')),
    });
    await enact(policy('configmaps', small) + binding('validationActions: [Deny]'));
    await controller.kill9();
    await controller.start();
    const path = '/api/v1/namespaces/default/configmaps';
    const client = createClient(controller.context);
    const made = client.http.json({
      method: 'POST',
      path,
      body: { metadata: { name: 'x' }, data: { a: '1', b: '2' } },
    });
    await expect(made).rejects.toThrow('denied request: at most one');
    client.close();
  } finally {
    await controller.close();
  }
});

const run = promisify(execFile);

it('does what docs/user/policy.md shows', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/user/policy.md'), 'utf8');
  const home = await mkdtemp(join(directory, 'page-'));
  kubectl = await openKubectl({ ...ground, directory: home });
  await kubectl.ok('delete', 'validatingadmissionpolicybindings', '--all');
  await kubectl.ok('delete', 'validatingadmissionpolicies', '--all');
  for (const [, file = '', body = ''] of text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g))
    await writeFile(join(home, file), body);
  const path = `${dirname(kubectlPath())}:${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, HOME: home, KUBECONFIG: join(home, 'kubeconfig'), PATH: path };
  const steps = readSteps(text);
  expect(steps.length).toBeGreaterThan(15);
  for (const step of steps) {
    const { stdout } = await run('sh', ['-c', step.command], { env, cwd: home });
    expect({ command: step.command, missing: missingLines(step, stdout) }).toEqual({
      command: step.command,
      missing: [],
    });
  }
});
