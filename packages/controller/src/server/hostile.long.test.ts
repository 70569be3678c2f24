// Whatever is sent, the answer is a Status, and the server goes on.
import { Agent, request } from 'node:https';
import { allKinds } from '@drover/api';
import { nodes } from '@drover/client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseJson } from './body.ts';
import { parseAccept } from './negotiate.ts';
import { collectionPath } from './routes/kinds.ts';
import { type Ground, openGround } from './test-ground.ts';
import { yamlToJson } from './yaml-text.ts';

let ground: Ground;
/** Refused or not, a connection serves what is asked on it next. */
const connections = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  ground = await openGround();
});
afterAll(async () => {
  connections.destroy();
  await ground.close();
});

interface Answer {
  readonly code: number;
  readonly text: string;
}

const send = (method: string, path: string, type: string, body: Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${ground.token}`,
      'content-type': type,
      'content-length': body.length,
    };
    const options = { method, ca: ground.caPem, agent: connections, headers };
    const outgoing = request(`${ground.address}${path}`, options, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part.toString();
      });
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject).end(body);
  });

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const paths = allKinds.flatMap((kind) => {
  const collection = collectionPath(kind).replace(':namespace', 'default');
  return [collection, `${collection}/web1`, `${collection}/web1/status`];
});

/** Objects that look right at the top and are anything below. */
const nearObjects = fc
  .record({
    kind: fc.constantFrom(...allKinds),
    rest: fc.dictionary(fc.constantFrom('spec', 'status', 'data', 'x'), fc.jsonValue()),
    metadata: fc.jsonValue(),
  })
  .map(({ kind, rest, metadata }) => ({
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata,
    ...rest,
  }));

const bodies = fc.oneof(
  fc.jsonValue().map(json),
  nearObjects.map(json),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

/** Each that may have changed something waits for the disk: its row in the audit trail. */
const timeout = 60_000;

describe('hostile requests', () => {
  it('are refused with a Status that says why, never with an internal error', { timeout }, async () => {
    const types = fc.oneof(
      {
        weight: 14,
        arbitrary: fc.constantFrom(
          'application/json',
          'application/merge-patch+json',
          'application/json-patch+json',
          'application/strategic-merge-patch+json',
          'application/vnd.kubernetes.protobuf',
          'text/plain',
          'x',
        ),
      },
      // Each of these starts a process; what they hold is read as JSON is, once it is parsed.
      { weight: 1, arbitrary: fc.constantFrom('application/yaml', 'application/apply-patch+yaml') },
    );
    await ground.client.create(nodes, { metadata: { name: 'web1' } });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
        fc.constantFrom(...paths),
        types,
        bodies,
        async (method, path, type, body) => {
          const { code, text } = await send(method, `${path}?dryRun=All&fieldManager=x`, type, body);
          expect([500, 0]).not.toContain(code);
          if (code >= 400) {
            expect(JSON.parse(text)).toMatchObject({ kind: 'Status', status: 'Failure', code });
            expect(JSON.parse(text).message).toMatch(/^(cannot |Apply failed |[\w.]+ ".*" is invalid: )/s);
          }
        },
      ),
      { numRuns: 400 },
    );
    expect((await ground.client.list(nodes)).items).toHaveLength(1);
  });

  it('in the query and the path are refused in the same way', { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(
          'limit',
          'continue',
          'labelSelector',
          'fieldSelector',
          'resourceVersion',
          'resourceVersionMatch',
          'dryRun',
          'fieldValidation',
          'includeObject',
          'timeoutSeconds',
        ),
        fc.string({ maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        async (parameter, value, name) => {
          const query = `${parameter}=${encodeURIComponent(value)}`;
          for (const path of ['/api/v1/nodes', `/api/v1/nodes/${encodeURIComponent(name)}`]) {
            const { code, text } = await send('GET', `${path}?${query}`, 'application/json', Buffer.alloc(0));
            expect([500, 0]).not.toContain(code);
            if (code >= 400) expect(JSON.parse(text)).toMatchObject({ kind: 'Status', code });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('bodies', () => {
  const fromYaml = (text: string): unknown => parseJson(Buffer.from(yamlToJson(text)));
  const refused = (text: string | Buffer, format: 'JSON' | 'YAML'): string => {
    try {
      if (format === 'JSON') parseJson(Buffer.from(text));
      else fromYaml(String(text));
    } catch (error) {
      return String(error);
    }
    return 'accepted';
  };

  it('are what they say in JSON and in YAML', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        expect(parseJson(json(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(fromYaml('a: [1, {b: c}]\nd: "2"\n')).toEqual({ a: [1, { b: 'c' }], d: '2' });
  });

  it('are refused when they nest too deep, poison prototypes, or are not UTF-8', () => {
    expect(refused('['.repeat(100_000), 'JSON')).toContain('cannot read the body as JSON');
    expect(refused('['.repeat(200) + ']'.repeat(200), 'JSON')).toContain('nests deeper than 100');
    expect(refused(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'JSON')).toContain('nests deeper');
    expect(refused('{"a":{"__proto__":{"x":1}}}', 'JSON')).toContain('__proto__');
    expect(refused('{"\\u005f_proto__":1}', 'JSON')).toContain('__proto__');
    expect(refused('a:\n  __proto__: {x: 1}\n', 'YAML')).toContain('__proto__');
    expect(refused(Buffer.from([0x22, 0xff, 0x22]), 'JSON')).toContain('cannot read the body as JSON');
    expect(refused('['.repeat(20_000), 'YAML')).not.toBe('accepted');
  });

  it('in YAML cannot grow without bound by aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i += 1) {
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
    }
    expect(refused(lines.join('\n'), 'YAML')).toContain('Excessive alias count');
  });
});

describe('the Accept header', () => {
  it('never breaks the reader', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (header) => {
        expect(parseAccept(header).length).toBeLessThanOrEqual(16);
      }),
    );
  });

  it('is read best first', () => {
    const ranges = parseAccept('text/html;q=0.1, application/json;as=Table;v=v1;g=meta.k8s.io , */*;q=0');
    expect(ranges.map((range) => range.type)).toEqual(['application/json', 'text/html']);
    expect(ranges[0]?.parameters).toEqual({ as: 'Table', v: 'v1', g: 'meta.k8s.io' });
  });
});
