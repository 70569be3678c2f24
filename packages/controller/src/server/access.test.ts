import { request } from 'node:https';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attributes } from '../auth/permissions.ts';
import { createLog } from '../platform/log.ts';
import { installAccess } from './access.ts';
import type { ServerAuth } from './deps.ts';
import { createConnectionGuard } from './limits.ts';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;
const asked: Attributes[] = [];

/** Says no to everything, and notes what was asked: so no request of these tests has an effect. */
const refusing: ServerAuth = {
  authenticate: async ({ authorization, cookie }) =>
    authorization === 'Bearer known' || cookie === 'session=known'
      ? { kind: 'user', name: 'eve', groups: [] }
      : undefined,
  authorize: (_identity, attributes) => {
    asked.push(attributes);
    return { allowed: false, reason: 'test' };
  },
  rulesOf: () => ({ rules: [], missing: [] }),
  stamp: () => undefined,
  guard: () => undefined,
  policies: { ready: async () => undefined, guard: () => () => undefined },
  createAccountToken: async () => ({ token: '', expiresAtMs: 0 }),
  takeLink: async () => undefined,
  createToken: async () => ({ token: '', id: '' }),
  isStillGood: async () => true,
  checkMayReplace: () => undefined,
  createLink: async () => '',
  signOut: async () => ({ cookie: 'session=' }),
};

beforeAll(async () => {
  ground = await openGround({ auth: refusing });
});
afterAll(() => ground.close());

interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const call = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  to: Pick<Ground, 'address' | 'caPem'> = ground,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { method, ca: to.caPem, agent: false as const, headers };
    const outgoing = request(`${to.address}${path}`, options, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part.toString();
      });
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    outgoing.on('error', reject).end();
  });

const known = { authorization: 'Bearer known' };

/** Method, path, and what is asked of the auth room: verb resource/subresource namespace name. */
const table: readonly (readonly [string, string, string])[] = [
  ['GET', '/api/v1/nodes', 'list nodes/  '],
  ['GET', '/api/v1/nodes?watch=1', 'watch nodes/  '],
  ['GET', '/api/v1/nodes?watch=true&fieldSelector=metadata.name%3Dweb1', 'watch nodes/  web1'],
  [
    'GET',
    '/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue,metadata.name%3D%3Dweb1',
    'list nodes/  web1',
  ],
  ['GET', '/api/v1/nodes?fieldSelector=metadata.name!%3Dweb1', 'list nodes/  '],
  ['GET', '/api/v1/nodes?fieldSelector=metadata.name%3Dweb%5C%5C1', 'list nodes/  '],
  ['GET', '/api/v1/nodes?watch=false', 'list nodes/  '],
  ['POST', '/api/v1/nodes', 'create nodes/  '],
  ['DELETE', '/api/v1/nodes', 'deletecollection nodes/  '],
  ['GET', '/api/v1/nodes/web1', 'get nodes/  web1'],
  ['PUT', '/api/v1/nodes/web1', 'update nodes/  web1'],
  ['PATCH', '/api/v1/nodes/web1', 'patch nodes/  web1'],
  ['DELETE', '/api/v1/nodes/web1', 'delete nodes/  web1'],
  ['PATCH', '/api/v1/nodes/web1/status', 'patch nodes/status  web1'],
  ['GET', '/api/v1/nodes/web1/facts', 'get nodes/facts  web1'],
  ['GET', '/api/v1/nodes/web1/tasks', 'get nodes/tasks  web1'],
  ['GET', '/api/v1/nodes/web1/shell', 'create nodes/shell  web1'],
  ['GET', '/apis/metrics.k8s.io/v1beta1/nodes', 'list nodes.metrics.k8s.io/  '],
  ['GET', '/apis/metrics.k8s.io/v1beta1/nodes?watch=1', 'watch nodes.metrics.k8s.io/  '],
  ['GET', '/apis/metrics.k8s.io/v1beta1/nodes/web1', 'get nodes.metrics.k8s.io/  web1'],
  ['GET', '/api/v1/secrets', 'list secrets/  '],
  ['GET', '/api/v1/namespaces/a/secrets/b', 'get secrets/ a b'],
  [
    'PUT',
    '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval',
    'update certificatesigningrequests.certificates.k8s.io/approval  c',
  ],
  ['POST', '/apis/drover.dev/v1alpha1/namespaces/a/commandruns', 'create commandruns.drover.dev/ a '],
  [
    'GET',
    '/apis/drover.dev/v1alpha1/namespaces/a/commandruns/r/results',
    'get commandruns.drover.dev/results a r',
  ],
  ['GET', '/apis/drover.dev/v1alpha1/namespaces/a/commandruns/r/log', 'get commandruns.drover.dev/log a r'],
  [
    'GET',
    '/apis/drover.dev/v1alpha1/namespaces/a/filetransfers/r/fold',
    'get filetransfers.drover.dev/fold a r',
  ],
  ['GET', '/api/v1/namespaces/a', 'get namespaces/ a a'],
  ['POST', '/api/v1/namespaces/a/serviceaccounts/b/token', 'create serviceaccounts/token a b'],
  [
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    'create subjectaccessreviews.authorization.k8s.io/  ',
  ],
  ['POST', '/auth/tokens', 'create tokens/  '],
  ['GET', '/join/config', 'get join/  '],
  ['POST', '/agents/web1/update', 'update agents/  web1'],
  ['POST', '/agents/web1/uninstall', 'delete agents/  web1'],
  ['PUT', '/content/uploads/x?offset=0', 'update content/  '],
  ['HEAD', '/content/abc', 'get content/  '],
  ['GET', '/recordings', 'list recordings/  '],
  ['GET', '/recordings/x', 'get recordings/  x'],
  ['GET', '/drain', 'get drain/  '],
  ['POST', '/drain', 'create drain/  '],
  ['GET', '/encryption', 'get encryption/  '],
  ['POST', '/encryption/rotate', 'update encryption/  '],
  ['GET', '/audit', 'list audit/  '],
  ['GET', '/audit?watch=1', 'list audit/  '],
  ['GET', '/audit/verify', 'get audit/  '],
  ['GET', '/metrics', 'get metrics/  '],
];

describe('who may call a route', () => {
  it.each(table)('%s %s is asked as %s', async (method, path, wanted) => {
    asked.length = 0;
    const answer = await call(method, path, known);
    expect(answer.code).toBe(403);
    expect(asked.map((a) => `${a.verb} ${a.resource}/${a.subresource} ${a.namespace} ${a.name}`)).toEqual([
      wanted,
    ]);
  });

  it.each(table)('%s %s answers a stranger with 401 and asks nobody', async (method, path) => {
    asked.length = 0;
    const answer = await call(method, path);
    expect(answer.code).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    if (method !== 'HEAD')
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
    expect(asked).toEqual([]);
  });

  it.each(['/', '/version', '/healthz', '/readyz', '/livez', '/join/ca.pem', '/join/agent.py'])(
    '%s answers everybody',
    async (path) => {
      expect((await call('GET', path)).code).toBe(200);
    },
  );

  it.each(['/api', '/apis', '/api/v1', '/apis/drover.dev', '/apis/drover.dev/v1alpha1', '/openapi/v3'])(
    '%s answers everybody who is known, and nobody else',
    async (path) => {
      expect((await call('GET', path)).code).toBe(401);
      expect((await call('GET', path, known)).code).toBe(200);
    },
  );

  it('refuses a route that declares no access', async () => {
    const app = fastify();
    const forwarder = { certificate: () => undefined };
    installAccess(app, { auth: refusing, guard: createConnectionGuard({ strangers: 1 }), forwarder });
    expect(() => app.get('/forgotten', async () => 'secret')).toThrow('/forgotten declares no access');
    await app.close();
  });
});

describe('cookies', () => {
  const cookie = 'session=known';

  it('are good for reading, wherever the reader comes from', async () => {
    expect((await call('GET', '/api', { cookie })).code).toBe(200);
  });

  it.each([
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'null' },
  ])('cannot be used for a change by a page of another site (%o)', async (from) => {
    const answer = await call('POST', '/auth/sign-out', { cookie, ...from });
    expect(answer.code).toBe(403);
    expect(answer.text).toContain('page of another site');
  });

  it('can be used for a change by our own page', async () => {
    const from = { origin: ground.address, 'sec-fetch-site': 'same-origin' };
    expect((await call('POST', '/auth/sign-out', { cookie, ...from })).code).toBe(200);
  });
});

describe('paths and methods that are not there', () => {
  it('answers 404 with a Status', async () => {
    const answer = await call('GET', '/nothing/here', known);
    expect(answer.code).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'NotFound' });
  });

  it('answers 405 with what the path takes', async () => {
    const answer = await call('PATCH', '/api/v1/nodes', known);
    expect(answer.code).toBe(405);
    expect(answer.headers['allow']).toBe('GET, POST, DELETE');
  });

  it('answers a broken path with 400', async () => {
    const answer = await call('GET', '/api/v1/nodes/%zz', known);
    expect(answer.code).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  });
});

describe('headers of every answer', () => {
  it('let a browser do nothing with it', async () => {
    for (const path of ['/account', '/version', '/nothing']) {
      const { headers } = await call('GET', path);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['strict-transport-security']).toBeDefined();
    }
  });

  it('let the sign-in page run our one script, and keep it free of foreign content', async () => {
    const { text, headers } = await call('GET', '/');
    expect(headers['content-type']).toContain('text/html');
    expect(text).toContain('/openapi/v3');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; connect-src 'self'; /,
    );
    const own = '<script type="module" src="/sign-in.js"></script>';
    expect(text.split(own)).toHaveLength(2);
    expect(text.replace(own, '')).not.toMatch(/<script|src=|https?:/);
  });
});

describe('the log', () => {
  it('never holds a sign-in link, also when signing in fails for an internal reason', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'debug', destination: { write: (line: string) => lines.push(line) } });
    const takeLink = async (): Promise<undefined> => {
      throw new Error('the disk broke');
    };
    const other = await openGround({ log, auth: { ...refusing, takeLink } });
    try {
      const answer = await call('GET', '/sign-in?link=planted-link', {}, other);
      expect(answer.code).toBe(500);
      expect(answer.text).not.toContain('planted-link');
      expect(lines.join('')).toContain('the disk broke');
      expect(lines.join('')).not.toContain('planted-link');
    } finally {
      await other.close();
    }
  });
});
