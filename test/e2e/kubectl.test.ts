// Real kubectl, of both generations, against a real server on a real store.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandRuns, configMaps, events, type KindReference, nodes, secrets } from '@drover/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { type Kubectl, openKubectl } from '../harness/kubectl.ts';
import { generations } from '../harness/kubectl-binary.ts';
import { waitFor } from '../harness/wait.ts';

/** The same kind, of which no more is known than that its objects have metadata. */
const asAny = ({ object: _object, ...kind }: KindReference<unknown>): KindReference => kind;

let ground: Ground;
/** Of the generation that is being tried. */
let kubectl: Kubectl;
let directory: string;

beforeAll(async () => {
  ground = await openGround();
  directory = await mkdtemp(join(tmpdir(), 'drover-kubectl-'));
  // An editor that changes one label, as a person would.
  const editor = join(directory, 'editor');
  await writeFile(editor, '#!/bin/sh\nsed -i "s/rack: .*/rack: edited/" "$1"\n');
  await chmod(editor, 0o755);
});

afterEach(async () => {
  const kinds: readonly KindReference[] = [nodes, commandRuns, configMaps, secrets, events].map(asAny);
  for (const kind of kinds) {
    for await (const object of ground.client.listAll(kind)) {
      const { name = '', namespace } = object.metadata;
      await ground.client.delete(kind, name, { namespace });
    }
  }
});

afterAll(async () => {
  await ground?.close();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

const ready = (status: 'True' | 'False') => ({
  type: 'strategic-merge' as const,
  body: { status: { conditions: [{ type: 'Ready', status, reason: 'Test', message: 'set by the test' }] } },
});

const addNode = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  ground.client.create(nodes, { metadata: { name, labels } });

const runManifest = (argv: string): string => `
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata:
  name: uptime
spec:
  argv: [${argv}]
  targets:
    nodeSet: "*"
`;

it('is asked of the store on which the suite is run', () => {
  expect(ground.store.isShared).toBe(process.env['DROVER_TEST_STORE'] === 'postgres');
});

/** How many watches the server is serving. */
const streams = async (): Promise<number> => {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of ground.client.http.bytes({ path: '/metrics', accept: '*/*' }))
    text += decoder.decode(part);
  return Number(/^drover_http_streams (\d+)$/m.exec(text)?.[1]);
};

/** Starting kubectl takes longer than its work: four at once. */
const inFours = async <T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> => {
  for (let i = 0; i < all.length; i += 4) await Promise.all(all.slice(i, i + 4).map(work));
};

describe.each(generations)('with $kubectl,', ({ layer }) => {
  beforeAll(async () => {
    kubectl = await openKubectl({ ...ground, directory, env: { EDITOR: join(directory, 'editor') } }, layer);
  });

  describe('kubectl top', () => {
    it('shows what nodes use by their last heartbeat', async () => {
      await addNode('web1');
      const capacity = { cpu: '4', memory: '4194304Ki' };
      const status = { type: 'merge' as const, body: { status: { capacity, allocatable: capacity } } };
      await ground.client.patch(nodes, 'web1', status, { subresource: 'status' });
      const known = { serial: '1', machineId: 'm', bootId: 'b', journalId: 'j', agentVersion: '1' };
      const agent = { ...known, node: 'web1', agentSha256: 'x', pythonVersion: '3', facts: {} };
      await ground.store.agents.connected(agent, Date.now());
      const memory = { memoryTotalKib: 4_194_304, memoryAvailableKib: 1_048_576 };
      ground.store.agents.heartbeat('web1', { ...memory, cpuBusyPermille: 500 });
      expect(await kubectl.ok('top', 'nodes')).toMatch(/^web1 +2000m +50% +3072Mi +75% *$/m);
      expect(await kubectl.ok('top', 'node', 'web1', '--no-headers')).toContain('2000m');
    });
  });

  describe('what the API says about itself', () => {
    it('lists every kind with its short names and scope', async () => {
      const text = await kubectl.ok('api-resources', '--no-headers');
      expect(text).toMatch(/^nodes +no +v1 +false +Node$/m);
      expect(text).toMatch(/^commandruns +run,runs +drover\.dev\/v1alpha1 +true +CommandRun$/m);
      expect(text.trim().split('\n')).toHaveLength(ground.resources.kinds.length);
    });

    it('lists the kinds of a group, and those with a verb', async () => {
      const ours = await kubectl.ok('api-resources', '--api-group=drover.dev', '-o', 'name');
      expect(ours).toMatch(/^(\w+\.drover\.dev\n)+$/);
      expect(ours).toContain('commandruns.drover.dev\n');
      const asked = await kubectl.ok('api-resources', '--verbs=create', '--namespaced=true', '-o', 'name');
      expect(asked).toMatch(/^localsubjectaccessreviews\.authorization\.k8s\.io$/m);
      expect(asked).not.toMatch(/^nodes$/m);
      expect(await kubectl.ok('api-versions')).toMatch(/^drover\.dev\/v1alpha1$/m);
    });

    it('names its version', async () => {
      expect(await kubectl.ok('version')).toMatch(/Server Version: v1\.35\.0\+drover-\d/);
    });

    it('explains the fields of our own kinds and of Kubernetes ones', async () => {
      const run = await kubectl.ok('explain', 'commandruns.spec');
      expect(run).toContain('The command as a list of arguments; no shell.');
      expect(run).toMatch(/timeoutSeconds\s+<integer>/);
      const targets = await kubectl.ok('explain', 'commandrun.spec.targets', '--recursive');
      expect(targets).toMatch(/matchExpressions\s+<\[\]/);
      expect(await kubectl.ok('explain', 'nodes.spec.taints')).toContain('effect');
    });

    it('explains every kind it lists', async () => {
      await inFours(ground.resources.kinds, async ({ plural, group, version }) => {
        // Two groups may have a plural of the same name, and then kubectl takes the rest for a field.
        const named = group === '' ? [plural] : [plural, `--api-version=${group}/${version}`];
        const text = await kubectl.ok('explain', ...named);
        expect(text).toContain('FIELDS:');
      });
    });
  });

  describe('reading', () => {
    it('prints nodes as a table, wide, as YAML, as JSON and by name', async () => {
      await addNode('web1', { rack: 'r1' });
      expect(await kubectl.ok('get', 'nodes')).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION\nweb1 /);
      expect(await kubectl.ok('get', 'no', '-o', 'wide')).toContain('KERNEL-VERSION');
      expect(await kubectl.ok('get', 'node', 'web1', '-o', 'yaml')).toContain('rack: r1');
      expect(JSON.parse(await kubectl.ok('get', 'node/web1', '-o', 'json'))).toMatchObject({ kind: 'Node' });
      expect(await kubectl.ok('get', 'nodes', '-o', 'name')).toBe('node/web1\n');
    });

    it('selects by label and field, and pages with a chunk size', async () => {
      for (const name of ['web1', 'web2', 'db1']) await addNode(name, { role: name.slice(0, -1) });
      expect(await kubectl.ok('get', 'nodes', '-l', 'role in (web)', '-o', 'name')).toBe(
        'node/web1\nnode/web2\n',
      );
      const one = await kubectl.ok('get', 'nodes', '--field-selector', 'metadata.name=db1', '-o', 'name');
      expect(one).toBe('node/db1\n');
      const paged = await kubectl.ok('get', 'nodes', '--chunk-size=1', '-o', 'name');
      expect(paged.trim().split('\n')).toHaveLength(3);
    });

    it('shows a change in `get -w` while it happens', async () => {
      await addNode('web1');
      const child = kubectl.start('get', 'nodes', '-w', '-L', 'rack');
      let text = '';
      child.stdout?.on('data', (part: Buffer) => {
        text += part.toString();
      });
      const closed = new Promise((resolve) => child.once('close', resolve));
      try {
        await waitFor('the first row', () => /^web1 /m.test(text));
        await ground.client.patch(nodes, 'web1', {
          type: 'merge',
          body: { metadata: { labels: { rack: 'r9' } } },
        });
        await waitFor('the changed row', () => /^web1 .* r9$/m.test(text));
        await addNode('web2');
        await waitFor('the new node', () => /^web2 /m.test(text));
        expect(text.match(/^NAME/gm)).toHaveLength(1);
      } finally {
        child.kill();
        await closed;
      }
    });

    it('describes a node with its conditions and events', async () => {
      const node = await addNode('web1', { rack: 'r1' });
      await ground.client.patch(nodes, 'web1', ready('True'), { subresource: 'status' });
      await ground.client.create(events, {
        metadata: { name: 'web1.joined', namespace: 'default' },
        involvedObject: { kind: 'Node', apiVersion: 'v1', name: 'web1', uid: node.metadata.uid },
        reason: 'Joined',
        message: 'the node has joined',
        type: 'Normal',
        count: 1,
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
      });
      const text = await kubectl.ok('describe', 'node', 'web1');
      expect(text).toMatch(/^Labels: +rack=r1$/m);
      expect(text).toMatch(/Ready +True/);
      expect(text).toContain('Non-terminated Pods:          (0 in total)');
      expect(await kubectl.ok('get', 'events')).toContain('the node has joined');
    });

    it('describes objects of our own kinds', async () => {
      expect((await kubectl.feed(runManifest('uptime'), 'apply', '-f', '-')).code).toBe(0);
      const text = await kubectl.ok('describe', 'run', 'uptime');
      expect(text).toMatch(/Timeout Seconds: +3600/);
    });
  });

  describe('writing', () => {
    it('applies twice: created, unchanged, then configured', async () => {
      const apply = async (argv: string) => kubectl.feed(runManifest(argv), 'apply', '-f', '-');
      expect((await apply('uptime')).stdout).toBe('commandrun.drover.dev/uptime created\n');
      expect((await apply('uptime')).stdout).toBe('commandrun.drover.dev/uptime unchanged\n');
      const node = (rack: string) =>
        JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'web1', labels: { rack } } });
      expect((await kubectl.feed(node('r1'), 'apply', '-f', '-')).stdout).toBe('node/web1 created\n');
      expect((await kubectl.feed(node('r2'), 'apply', '-f', '-')).stdout).toBe('node/web1 configured\n');
      expect((await ground.client.get(nodes, 'web1')).metadata.labels).toEqual({ rack: 'r2' });
    });

    it('refuses what cannot change and what is not a field, naming the path', async () => {
      await kubectl.feed(runManifest('uptime'), 'apply', '-f', '-');
      const changed = await kubectl.feed(runManifest('reboot'), 'apply', '-f', '-');
      expect(changed.code).toBe(1);
      expect(changed.stderr).toContain('spec.argv');
      const wrong = runManifest('uptime').replace('argv:', 'arvg:');
      const refused = await kubectl.feed(wrong, 'create', '-f', '-');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('spec.arvg');
    });

    it('labels, annotates, taints, cordons', async () => {
      await addNode('web1');
      expect(await kubectl.ok('label', 'node', 'web1', 'rack=r1')).toBe('node/web1 labeled\n');
      expect((await kubectl.try('label', 'node', 'web1', 'rack=r2')).stderr).toContain('already has a value');
      expect(await kubectl.ok('label', 'node', 'web1', 'rack-')).toBe('node/web1 unlabeled\n');
      expect(await kubectl.ok('annotate', 'node', 'web1', 'note=hello')).toBe('node/web1 annotated\n');
      expect(await kubectl.ok('taint', 'node', 'web1', 'k=v:NoSchedule')).toBe('node/web1 tainted\n');
      expect(await kubectl.ok('cordon', 'web1')).toBe('node/web1 cordoned\n');
      const node = await ground.client.get(nodes, 'web1');
      expect(node.metadata.annotations).toMatchObject({ note: 'hello' });
      expect(node.spec).toMatchObject({ unschedulable: true });
      expect(node.spec?.taints?.some((taint) => taint.key === 'k' && taint.value === 'v')).toBe(true);
    });

    it('patches in three ways', async () => {
      await addNode('web1', { a: '1' });
      const patch = (type: string, body: string) =>
        kubectl.ok('patch', 'node', 'web1', `--type=${type}`, '-p', body);
      await patch('merge', '{"metadata":{"labels":{"a":null,"m":"1"}}}');
      await patch('json', '[{"op":"add","path":"/metadata/labels/j","value":"1"}]');
      await patch(
        'strategic',
        '{"metadata":{"labels":{"s":"1"}},"spec":{"taints":[{"key":"x","effect":"NoSchedule"}]}}',
      );
      const node = await ground.client.get(nodes, 'web1');
      expect(node.metadata.labels).toEqual({ m: '1', j: '1', s: '1' });
      expect(node.spec?.taints).toEqual([{ key: 'x', effect: 'NoSchedule' }]);
    });

    it('edits with an editor', async () => {
      await addNode('web1', { rack: 'r1' });
      expect(await kubectl.ok('edit', 'node', 'web1')).toBe('node/web1 edited\n');
      expect((await ground.client.get(nodes, 'web1')).metadata.labels).toEqual({ rack: 'edited' });
    });

    it('tries without effect with --dry-run=server, and shows differences', async () => {
      const dry = await kubectl.feed(
        runManifest('uptime'),
        'create',
        '-f',
        '-',
        '--dry-run=server',
        '-o',
        'name',
      );
      expect(dry.stdout).toBe('commandrun.drover.dev/uptime\n');
      expect((await kubectl.try('get', 'run', 'uptime')).stderr).toContain('NotFound');
      const diff = await kubectl.feed(runManifest('uptime'), 'diff', '-f', '-');
      expect(diff.code).toBe(1);
      expect(diff.stdout).toMatch(/^\+ {2}- uptime$/m);
    });

    it('creates config maps and secrets from manifests, namespaces keep them apart', async () => {
      const manifest = await kubectl.ok(
        'create',
        'configmap',
        'settings',
        '--from-literal=x=1',
        '--dry-run=client',
        '-o',
        'yaml',
      );
      expect((await kubectl.feed(manifest, 'create', '-f', '-')).stdout).toBe('configmap/settings created\n');
      const secret = await kubectl.ok(
        'create',
        'secret',
        'generic',
        'key',
        '--from-literal=p=q',
        '--dry-run=client',
        '-o',
        'json',
      );
      expect((await kubectl.feed(secret, 'apply', '-f', '-')).stdout).toBe('secret/key created\n');
      expect(await kubectl.ok('get', 'configmap', 'settings', '-o', 'jsonpath={.data.x}')).toBe('1');
      expect(await kubectl.ok('get', 'secret', 'key', '-o', 'jsonpath={.data.p}')).toBe('cQ==');
      expect(await kubectl.ok('get', 'configmaps', '-A', '--no-headers')).toMatch(/^default +settings /);
      expect((await kubectl.try('get', 'configmaps', '-n', 'kube-system')).stderr).toContain(
        'No resources found',
      );
    });

    it('creates with the typed commands, which send protobuf', async () => {
      expect(await kubectl.ok('create', 'namespace', 'shop')).toBe('namespace/shop created\n');
      const create = (...argv: readonly string[]) => kubectl.ok('-n', 'shop', 'create', ...argv);
      await create('configmap', 'motd', '--from-literal=text=Grüß Gott');
      await create('secret', 'generic', 'key', '--from-literal=p=q');
      const read = (what: readonly string[], path: string) =>
        kubectl.ok('-n', 'shop', 'get', ...what, '-o', `jsonpath=${path}`);
      expect(await read(['configmap', 'motd'], '{.data.text}')).toBe('Grüß Gott');
      expect(await read(['secret', 'key'], '{.data.p} {.type}')).toBe('cQ== Opaque');
      const again = await kubectl.try('-n', 'shop', 'create', 'secret', 'generic', 'key');
      expect(again.stderr).toContain('already exists');
      await kubectl.ok('-n', 'shop', 'delete', 'configmap', 'motd');
      expect(await kubectl.ok('delete', 'namespace', 'shop')).toContain('namespace "shop" deleted');
      expect((await kubectl.try('get', 'namespace', 'shop')).stderr).toContain('NotFound');
    });
  });

  describe('waiting and deleting', () => {
    it('waits for a condition that comes later', async () => {
      await addNode('web1');
      const waiting = kubectl.ok('wait', '--for=condition=Ready', 'node/web1', '--timeout=60s');
      await waitFor('kubectl to watch', async () => (await streams()) > 0);
      await ground.client.patch(nodes, 'web1', ready('True'), { subresource: 'status' });
      expect(await waiting).toBe('node/web1 condition met\n');
    });

    it('waits for a value that a field takes, and for an object to be gone', async () => {
      await addNode('web1', { rack: 'r1' });
      const field = `--for=jsonpath={.metadata.labels.rack}=r2`;
      const waiting = kubectl.ok('wait', field, 'node/web1', '--timeout=60s');
      await waitFor('kubectl to watch', async () => (await streams()) > 0);
      await kubectl.ok('label', 'node', 'web1', 'rack=r2', '--overwrite');
      expect(await waiting).toBe('node/web1 condition met\n');
      await waitFor('kubectl to go', async () => (await streams()) === 0);
      const going = kubectl.ok('wait', '--for=delete', 'node/web1', '--timeout=60s');
      await waitFor('kubectl to watch', async () => (await streams()) > 0);
      await kubectl.ok('delete', 'node', 'web1', '--wait=false');
      expect(await going).toBe('node/web1 condition met\n');
    });

    it('fails to wait for what does not come, in time', async () => {
      await addNode('web1');
      const { code, stderr } = await kubectl.try(
        'wait',
        '--for=condition=Ready',
        'node/web1',
        '--timeout=1s',
      );
      expect(code).toBe(1);
      expect(stderr).toContain('timed out');
    });

    it('deletes and waits until finalizers let go', async () => {
      await ground.client.create(nodes, { metadata: { name: 'web1', finalizers: ['drover.dev/test'] } });
      const deleting = kubectl.ok('delete', 'node', 'web1');
      await waitFor('kubectl to watch', async () => (await streams()) > 0);
      await ground.client.patch(nodes, 'web1', { type: 'merge', body: { metadata: { finalizers: null } } });
      expect(await deleting).toBe('node "web1" deleted\n');
    });

    it('deletes a namespace with all that is in it, tells meanwhile what it waits for, and ends', async () => {
      await kubectl.ok('create', 'namespace', 'team');
      await kubectl.ok('create', 'configmap', 'plain', '-n', 'team');
      await kubectl.ok('create', 'secret', 'generic', 'held', '-n', 'team');
      const held = ['patch', 'secret', 'held', '-n', 'team', '--type=merge', '-p'];
      await kubectl.ok(...held, '{"metadata":{"finalizers":["example.org/hold"]}}');
      const deleting = kubectl.ok('delete', 'namespace', 'team');
      await kubectl.ok('wait', '--for=condition=NamespaceFinalizersRemaining', 'namespace/team');
      expect(await kubectl.ok('get', 'namespace', 'team')).toMatch(/^team +Terminating /m);
      expect(await kubectl.ok('get', 'configmaps,secrets', '-n', 'team', '-o', 'name')).toBe('secret/held\n');
      const late = await kubectl.try('create', 'configmap', 'late', '-n', 'team');
      expect(late.stderr).toContain('is being terminated');
      await kubectl.ok(...held, '{"metadata":{"finalizers":null}}');
      expect(await deleting).toBe('namespace "team" deleted\n');
      expect((await kubectl.try('delete', 'namespace', 'kube-system')).stderr).toContain(
        'may not be deleted',
      );
    });

    it('limits a namespace by a quota, and shows what is used', async () => {
      await kubectl.ok('create', 'namespace', 'small');
      await kubectl.ok('create', 'quota', 'few', '-n', 'small', '--hard=count/configmaps=1,secrets=2');
      await kubectl.ok('create', 'configmap', 'one', '-n', 'small');
      const { stderr } = await kubectl.try('create', 'configmap', 'two', '-n', 'small');
      expect(stderr).toContain(
        'exceeded quota: few, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1',
      );
      await waitFor('the status', async () => {
        const shown = await kubectl.ok('get', 'quota', 'few', '-n', 'small');
        return shown.includes('count/configmaps: 1/1, secrets: 0/2');
      });
      expect(await kubectl.ok('describe', 'quota', 'few', '-n', 'small')).toMatch(
        /^count\/configmaps +1 +1$/m,
      );
      const pods = await kubectl.try('create', 'quota', 'pods', '-n', 'small', '--hard=pods=1');
      expect(pods.stderr).toContain('spec.hard[pods]');
      await kubectl.ok('delete', 'namespace', 'small');
    });

    it('deletes a collection', async () => {
      for (const name of ['web1', 'web2']) await addNode(name, { role: 'web' });
      await addNode('db1');
      await kubectl.ok('delete', 'nodes', '-l', 'role=web');
      expect(await kubectl.ok('get', 'nodes', '-o', 'name')).toBe('node/db1\n');
    });

    it('refuses who is not signed in', async () => {
      const stranger = await openKubectl({
        ...ground,
        token: 'drover_wrong',
        directory: await mkdtemp(join(directory, 'x-')),
      });
      const { code, stderr } = await stranger.try('get', 'nodes');
      expect(code).toBe(1);
      expect(stderr).toContain('You must be logged in to the server');
    });
  });
});
