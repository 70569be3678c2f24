// Real kubectl, of both generations, applies on the server: who manages which field is kept there.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configMaps } from '@drover/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { type Kubectl, openKubectl } from '../harness/kubectl.ts';
import { generations } from '../harness/kubectl-binary.ts';

let ground: Ground;
/** Of the generation that is being tried. */
let kubectl: Kubectl;
let directory: string;

beforeAll(async () => {
  ground = await openGround();
  directory = await mkdtemp(join(tmpdir(), 'drover-kubectl-apply-'));
  const editor = join(directory, 'editor');
  await writeFile(editor, '#!/bin/sh\nsed -i "s/x: .*/x: edited/" "$1"\n');
  await chmod(editor, 0o755);
});
afterEach(async () => {
  for await (const { metadata } of ground.client.listAll(configMaps)) {
    await ground.client.delete(configMaps, metadata.name ?? '');
  }
});
afterAll(async () => {
  await ground?.close();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

const settings = (data: Readonly<Record<string, string>>): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data });

const server = (data: Readonly<Record<string, string>>, ...more: readonly string[]) =>
  kubectl.feed(settings(data), 'apply', '--server-side', '-f', '-', ...more);

const dataOf = async () => (await ground.client.get(configMaps, 'settings')).data;

/** manager → operation, of the entries there are. */
const managers = async (): Promise<Readonly<Record<string, unknown>>> => {
  const { metadata } = await ground.client.get(configMaps, 'settings');
  return Object.fromEntries(
    (metadata.managedFields ?? []).map((entry) => [String(entry['manager']), entry['operation']]),
  );
};

describe.each(generations)('with $kubectl,', ({ layer }) => {
  beforeAll(async () => {
    kubectl = await openKubectl({ ...ground, directory, env: { EDITOR: join(directory, 'editor') } }, layer);
  });

  describe('kubectl apply --server-side', () => {
    it('makes an object, changes it, and leaves what others apply beside it', async () => {
      expect(await server({ x: '1' })).toMatchObject({ stdout: 'configmap/settings serverside-applied\n' });
      await server({ y: '1' }, '--field-manager=other');
      await server({ x: '2', z: '1' });
      expect(await dataOf()).toEqual({ x: '2', y: '1', z: '1' });
      await server({ x: '2' });
      expect(await dataOf()).toEqual({ x: '2', y: '1' });
      expect(await managers()).toEqual({ kubectl: 'Apply', other: 'Apply' });
    });

    it('says who manages what it would change, and takes it over with --force-conflicts', async () => {
      await server({ x: '1', y: '1' });
      const refused = await server({ x: '2', y: '2' }, '--field-manager=other');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('Apply failed with 2 conflicts: conflicts with "kubectl":');
      expect(refused.stderr).toContain('- .data.x\n- .data.y');
      expect(refused.stderr).toContain('--force-conflicts');
      const one = await server({ x: '2' }, '--field-manager=other');
      expect(one.stderr).toContain('Apply failed with 1 conflict: conflict with "kubectl": .data.x');
      expect((await server({ x: '2' }, '--field-manager=other', '--force-conflicts')).code).toBe(0);
      expect(await dataOf()).toEqual({ x: '2', y: '1' });
      expect((await server({ x: '1', y: '1' })).stderr).toContain('conflict with "other": .data.x');
    });

    it('shows differences and tries without effect', async () => {
      await server({ x: '1' });
      const diff = await kubectl.feed(settings({ x: '2' }), 'diff', '--server-side', '-f', '-');
      expect(diff.code).toBe(1);
      expect(diff.stdout).toMatch(/^- {2}x: "1"\n\+ {2}x: "2"$/m);
      expect((await server({ x: '3' }, '--dry-run=server')).stdout).toContain(
        'serverside-applied (server dry run)',
      );
      expect(await dataOf()).toEqual({ x: '1' });
      const same = await kubectl.feed(settings({ x: '1' }), 'diff', '--server-side', '-f', '-');
      expect(same).toMatchObject({ code: 0, stdout: '' });
    });

    it('refuses what is not a field, by its path', async () => {
      const wrong = settings({ x: '1' }).replace('"data"', '"date"');
      const refused = await kubectl.feed(wrong, 'apply', '--server-side', '-f', '-');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('unknown field "date"');
    });
  });

  describe('beside other ways of writing', () => {
    it('takes over what was applied on the client, and takes turns with it', async () => {
      const client = (data: Readonly<Record<string, string>>) =>
        kubectl.feed(settings(data), 'apply', '-f', '-');
      await client({ x: '1', y: '1' });
      expect(await managers()).toEqual({ 'kubectl-client-side-apply': 'Update' });
      const taken = await server({ x: '2' });
      expect(taken).toMatchObject({ code: 0, stdout: 'configmap/settings serverside-applied\n' });
      expect(await dataOf()).toEqual({ x: '2' });
      expect(await managers()).toMatchObject({ kubectl: 'Apply' });
      expect(await managers()).not.toHaveProperty('kubectl-client-side-apply');
      expect((await client({ x: '3' })).code).toBe(0);
      expect(await dataOf()).toEqual({ x: '3' });
    });

    it('hides managedFields unless asked, and notes who edits, patches and replaces', async () => {
      await server({ x: '1', y: '1' });
      expect(await kubectl.ok('get', 'cm', 'settings', '-o', 'yaml')).not.toContain('managedFields');
      const shown = await kubectl.ok('get', 'cm', 'settings', '-o', 'yaml', '--show-managed-fields');
      expect(shown).toContain('f:x: {}');
      expect(await kubectl.ok('edit', 'cm', 'settings')).toBe('configmap/settings edited\n');
      await kubectl.ok('patch', 'cm', 'settings', '--type=merge', '-p', '{"data":{"p":"1"}}');
      expect((await kubectl.feed(settings({ x: 'r', q: '1' }), 'replace', '-f', '-')).stdout).toContain(
        'replaced',
      );
      expect(Object.keys(await managers()).sort()).toEqual(['kubectl-replace']);
      const refused = await server({ x: '1' });
      expect(refused.stderr).toContain('conflict with "kubectl-replace" using v1: .data.x');
    });
  });
});
