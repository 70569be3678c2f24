// Real helm 4 and helm 3 against a running controller: a chart of ConfigMaps and Secrets, from install to uninstall. What
// helm keeps of a release is a Secret, which it makes, replaces and deletes in protobuf.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControllerProcess } from '../harness/controller.ts';
import { type Kubectl, openHelm, openKubectl } from '../harness/kubectl.ts';
import type { Layer } from '../harness/kubectl-binary.ts';

let controller: ControllerProcess;
let directory: string;
let chart: string;
/** Of the generation that is being tried. */
let helm: Kubectl;
let kubectl: Kubectl;

const templates: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'values.yaml': 'greeting: hello\nreplicas: 1\nbanner: true\n',
  'templates/settings.yaml': [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    '  name: {{ .Release.Name }}-settings',
    '  labels: { app: {{ .Chart.Name }}, release: {{ .Release.Name }} }',
    'data:',
    '  greeting: {{ .Values.greeting | quote }}',
    '  replicas: {{ .Values.replicas | quote }}',
    '',
  ].join('\n'),
  'templates/banner.yaml': [
    '{{- if .Values.banner }}',
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    '  name: {{ .Release.Name }}-banner',
    'binaryData:',
    '  picture: AAECAwQ=',
    '{{- end }}',
    '',
  ].join('\n'),
  'templates/password.yaml': [
    'apiVersion: v1',
    'kind: Secret',
    'metadata:',
    '  name: {{ .Release.Name }}-password',
    'stringData:',
    '  password: {{ printf "%s-secret" .Values.greeting | quote }}',
    '',
  ].join('\n'),
};

beforeAll(async () => {
  controller = await ControllerProcess.start();
  directory = await mkdtemp(join(tmpdir(), 'drover-helm-'));
  chart = join(directory, 'shop');
  await mkdir(join(chart, 'templates'), { recursive: true });
  for (const [name, text] of Object.entries(templates)) await writeFile(join(chart, name), text);
});

afterAll(async () => {
  await controller?.close();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

interface Generation {
  readonly name: string;
  readonly layer: Layer;
}

const generations: readonly Generation[] = [
  { name: 'helm 4 and kubectl 1.35', layer: 'v35' },
  { name: 'helm 3 and kubectl 1.30', layer: 'v30' },
];

const names = async (kind: string, namespace = 'default'): Promise<readonly string[]> =>
  (await kubectl.ok('get', kind, '-n', namespace, '-o', 'name')).split('\n').filter((line) => line !== '');

const greeting = () => kubectl.ok('get', 'configmap', 'demo-settings', '-o', 'jsonpath={.data.greeting}');

const statuses = async (): Promise<readonly string[]> => {
  const text = await helm.ok('history', 'demo', '-o', 'json');
  return (JSON.parse(text) as { readonly status: string }[]).map(({ status }) => status);
};

describe.each(generations)('a release of $name', ({ layer }) => {
  beforeAll(async () => {
    helm = await openHelm({ ...controller.context, directory }, layer);
    kubectl = await openKubectl({ ...controller.context, directory }, layer);
  });

  it('is installed, upgraded, rolled back and uninstalled', async () => {
    expect(await helm.ok('install', 'demo', chart)).toContain('STATUS: deployed');
    expect(await names('configmap')).toEqual(['configmap/demo-banner', 'configmap/demo-settings']);
    expect(await names('secret')).toEqual(['secret/demo-password', 'secret/sh.helm.release.v1.demo.v1']);
    expect(await greeting()).toBe('hello');

    await helm.ok('upgrade', 'demo', chart, '--set', 'greeting=welcome,banner=false');
    expect(await greeting()).toBe('welcome');
    expect(await names('configmap')).toEqual(['configmap/demo-settings']);
    expect(await statuses()).toEqual(['superseded', 'deployed']);

    await helm.ok('rollback', 'demo', '1');
    expect(await greeting()).toBe('hello');
    expect(await names('configmap')).toEqual(['configmap/demo-banner', 'configmap/demo-settings']);
    expect(await statuses()).toEqual(['superseded', 'superseded', 'deployed']);

    expect(await helm.ok('uninstall', 'demo')).toContain('release "demo" uninstalled');
    expect(await names('configmap')).toEqual([]);
    expect(await names('secret')).toEqual([]);
  });

  it('is put in a namespace that helm makes, waited for, and shown', async () => {
    await helm.ok('install', 'demo', chart, '-n', 'shop', '--create-namespace', '--wait');
    const listed = JSON.parse(await helm.ok('list', '-A', '-o', 'json')) as unknown;
    expect(listed).toMatchObject([{ name: 'demo', namespace: 'shop', revision: '1', status: 'deployed' }]);
    expect(await helm.ok('get', 'values', 'demo', '-n', 'shop', '--all')).toContain('greeting: hello');
    expect(await helm.ok('get', 'manifest', 'demo', '-n', 'shop')).toContain('name: demo-settings');
    await helm.ok('uninstall', 'demo', '-n', 'shop', '--wait');
    expect(await names('secret', 'shop')).toEqual([]);
  });

  it('that is refused leaves a failed release that says why', async () => {
    await writeFile(
      join(chart, 'templates/wrong.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: wrong }\nbinaryData: { "../x": AA== }\n',
    );
    const { code, stderr } = await helm.try('install', 'broken', chart);
    await rm(join(chart, 'templates/wrong.yaml'));
    expect(code).toBe(1);
    expect(stderr).toContain('ConfigMap "wrong" is invalid: binaryData[../x]');
    expect(await helm.ok('list', '--failed', '-q')).toBe('broken\n');
    await helm.ok('uninstall', 'broken');
  });
});
