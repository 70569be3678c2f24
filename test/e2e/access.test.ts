// Permissions as real kubectl sees them, of both generations.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from '../../packages/controller/src/server/test-ground.ts';
import { type Kubectl, openKubectl } from '../harness/kubectl.ts';
import { generations } from '../harness/kubectl-binary.ts';

let ground: Ground;
/** Of the generation that is being tried. */
let admin: Kubectl;
let directory: string;

beforeAll(async () => {
  ground = await openGround();
  directory = await mkdtemp(join(tmpdir(), 'drover-access-'));
});
afterAll(async () => {
  await ground?.close();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

describe.each(generations)('with $kubectl,', ({ layer }) => {
  beforeAll(async () => {
    admin = await openKubectl({ ...ground, directory }, layer);
  });
  // What the other generation makes has the same names.
  afterAll(async () => {
    await admin.ok('delete', 'clusterrolebinding', 'bob', 'dave', 'inventory', 'reconciled');
    await admin.ok('delete', 'clusterrole', 'node-reader', 'role-writer', 'inventory', 'reconciled');
    await admin.ok('delete', 'serviceaccount', 'picky');
  });
  /** A kubectl that signs in with this token. */
  const as = async (token: string): Promise<Kubectl> =>
    openKubectl({ ...ground, token, directory: await mkdtemp(join(directory, 'as-')) }, layer);

  describe('asking what is allowed', () => {
    it('answers yes and no, and ends accordingly', async () => {
      expect(await admin.ok('auth', 'can-i', 'delete', 'nodes')).toContain('yes');
      const refused = await admin.try('auth', 'can-i', 'delete', 'nodes', '--as', 'alice');
      expect([refused.code, refused.stdout]).toEqual([1, 'no\n']);
      expect(await admin.ok('auth', 'can-i', 'get', '/metrics')).toContain('yes');
      const masters = ['--as', 'alice', '--as-group', 'system:masters'];
      expect(await admin.ok('auth', 'can-i', '*', '*', ...masters)).toContain('yes');
    });

    it('lists what everybody may, and what an administrator may', async () => {
      const everybody = await admin.ok('auth', 'can-i', '--list', '--as', 'alice');
      expect(everybody).toMatch(/^selfsubjectreviews\.authentication\.k8s\.io +\[\] +\[\] +\[create\]$/m);
      expect(everybody).toMatch(/^ +\[\/healthz\] +\[\] +\[get\]$/m);
      expect(everybody).not.toMatch(/^nodes/m);
      expect(await admin.ok('auth', 'can-i', '--list')).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m);
    });

    it('tells who one is, also while acting as somebody else', async () => {
      const me = await admin.ok('auth', 'whoami');
      expect(me).toMatch(/^Username +admin$/m);
      expect(me).toMatch(/^Groups +\[system:masters system:authenticated\]$/m);
      const other = await admin.ok('auth', 'whoami', '--as', 'alice', '--as-group', 'ops', '--as-uid', 'u1');
      expect(other).toMatch(/^Username +alice$/m);
      expect(other).toMatch(/^UID +u1$/m);
      expect(other).toMatch(/^Groups +\[ops system:authenticated\]$/m);
    });
  });

  describe('giving rights', () => {
    it('makes roles and bindings with its own commands, and they hold at once', async () => {
      await admin.ok('create', 'clusterrole', 'node-reader', '--verb=get,list,watch', '--resource=nodes');
      await admin.ok('create', 'clusterrolebinding', 'bob', '--clusterrole=node-reader', '--user=bob');
      expect(await admin.ok('auth', 'can-i', 'list', 'nodes', '--as', 'bob')).toContain('yes');
      expect((await admin.try('auth', 'can-i', 'list', 'secrets', '--as', 'bob')).stdout).toBe('no\n');
      expect(await admin.ok('get', 'clusterrolebinding', 'bob', '-o', 'wide')).toMatch(
        /^bob +ClusterRole\/node-reader +\S+ +bob/m,
      );
      expect(await admin.ok('describe', 'clusterrole', 'node-reader')).toMatch(
        /nodes +\[\] +\[\] +\[get list watch\]/,
      );
    });

    it('reconciles roles and bindings from a file', async () => {
      const file = (verbs: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reconciled}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [${verbs}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reconciled}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reconciled}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: carol}
`;
      const reconcile = async (verbs: string) => {
        const { code, stdout, stderr } = await admin.feed(file(verbs), 'auth', 'reconcile', '-f', '-');
        expect(code, stderr).toBe(0);
        return stdout;
      };
      expect(await reconcile('get')).toContain('clusterrole.rbac.authorization.k8s.io/reconciled reconciled');
      await reconcile('get, list');
      expect(await admin.ok('auth', 'can-i', 'list', 'nodes', '--as', 'carol')).toContain('yes');
    });

    it('of which one has nothing is refused in the words of Kubernetes', async () => {
      await admin.ok(
        'create',
        'clusterrole',
        'role-writer',
        '--verb=create',
        '--resource=clusterroles.rbac.authorization.k8s.io',
      );
      await admin.ok('create', 'clusterrolebinding', 'dave', '--clusterrole=role-writer', '--user=dave');
      const wanted = ['create', 'clusterrole', 'x', '--verb=get', '--resource=secrets', '--as', 'dave'];
      const { code, stderr } = await admin.try(...wanted);
      expect(code).toBe(1);
      expect(stderr).toContain('is attempting to grant RBAC permissions not currently held:');
      expect(stderr).toContain('{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}');
    });
  });

  describe('service accounts', () => {
    it('one that may only read nodes does that with its token, and is refused elsewhere', async () => {
      await admin.ok('create', 'serviceaccount', 'inventory');
      await admin.ok('create', 'clusterrole', 'inventory', '--verb=get,list,watch', '--resource=nodes');
      const to = ['--clusterrole=inventory', '--serviceaccount=default:inventory'];
      await admin.ok('create', 'clusterrolebinding', 'inventory', ...to);
      const token = (await admin.ok('create', 'token', 'inventory', '--duration=10m')).trim();
      const program = await as(token);
      expect((await program.try('get', 'nodes')).code).toBe(0);
      expect(await program.ok('auth', 'whoami')).toMatch(
        /^Username +system:serviceaccount:default:inventory$/m,
      );
      const elsewhere = await program.try('get', 'secrets');
      expect(elsewhere.code).toBe(1);
      expect(elsewhere.stderr).toBe(
        'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:default:inventory" cannot list resource "secrets" in API group "" in the namespace "default"\n',
      );
      expect((await program.try('delete', 'node', 'n1')).stderr).toContain('cannot delete resource "nodes"');
      await admin.ok('delete', 'serviceaccount', 'inventory');
      expect((await program.try('get', 'nodes')).stderr).toContain('You must be logged in to the server');
    });

    it('get no token for longer, or for others, than is served', async () => {
      await admin.ok('create', 'serviceaccount', 'picky');
      const short = await admin.try('create', 'token', 'picky', '--duration=1m');
      expect(short.stderr).toContain('spec.expirationSeconds');
      const audience = await admin.try('create', 'token', 'picky', '--audience=vault');
      expect(audience.stderr).toContain('spec.audiences');
      expect((await admin.try('create', 'token', 'nobody')).stderr).toContain('not found');
    });
  });
});
