import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Kind } from '../kind.ts';
import { commandRunKind } from '../kinds/command-run.ts';
import { fileTransferKind } from '../kinds/file-transfer.ts';
import { validatorOf } from '../validation/validator.ts';
import { structs } from '../wire/agent.gen.ts';
import { type AskingSpec, askedDifferences, parsePayload, toAsked, toPayload } from './request.ts';
import { parseSigned, signedCauses } from './signed.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const frame = { id: '0'.repeat(32), issuedAtMs: 1, expiresAtMs: 2, nodes: ['n2', 'n1', 'n3', 'db'] };
const signatures = [{ keyId: `SHA256:${'A'.repeat(43)}`, signature: `${'A'.repeat(86)}==` }];

const validators = new Map([commandRunKind, fileTransferKind].map((kind) => [kind, validatorOf(kind)]));
const validated = (kind: Kind, object: unknown) =>
  (validators.get(kind) ?? validatorOf(kind))(object, 'Strict').object;

const toObject = (kind: Kind, spec: object): unknown => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: kind.kind,
  metadata: { name: 'one', namespace: 'default' },
  spec: { targets: { nodeSet: 'db,n[1-3]' }, ...spec },
});
/** The spec with defaults, signed, then changed. */
const signThenChange = (kind: Kind, spec: object, change: object): unknown => {
  const whole = validated(kind, toObject(kind, spec))['spec'] as AskingSpec;
  const payload = toPayload(frame, toAsked(whole, sha256));
  return toObject(kind, { ...whole, signed: { payload, signatures }, ...change });
};
const refusal = (kind: Kind, spec: object, change: object): string => {
  try {
    validated(kind, signThenChange(kind, spec, change));
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const command = { argv: ['id', '-u'], user: 'web', cwd: '/srv', env: { A: 'b' } };
const push = { direction: 'Push', manifest: 'a'.repeat(64), path: '/srv', mode: '0644', owner: 'web' };

test('a spec that is what was signed is taken', () => {
  expect(refusal(commandRunKind, command, {})).toBe('');
  expect(refusal(commandRunKind, { script: { source: 'id' }, stdin: 'x' }, {})).toBe('');
  expect(refusal(fileTransferKind, push, {})).toBe('');
  expect(refusal(fileTransferKind, { direction: 'Pull', path: '/srv' }, {})).toBe('');
});

test.each([
  [commandRunKind, command, { argv: ['id'] }, 'spec.argv'],
  [commandRunKind, command, { user: 'root' }, 'spec.user'],
  [commandRunKind, command, { cwd: '/' }, 'spec.cwd'],
  [commandRunKind, command, { env: { A: 'c' } }, 'spec.env'],
  [commandRunKind, command, { maxOutputBytes: 1 }, 'spec.maxOutputBytes'],
  [commandRunKind, command, { timeoutSeconds: 1 }, 'spec.timeoutSeconds'],
  [commandRunKind, command, { targets: { nodeSet: 'n[1-4]' } }, 'spec.targets'],
  [commandRunKind, command, { targets: { nodeSet: 'db,n[1-3]', labelSelector: {} } }, 'spec.targets'],
  [
    commandRunKind,
    { script: { source: 'id' } },
    { script: { interpreter: ['sh'], source: 'id' } },
    'spec.script.interpreter',
  ],
  [fileTransferKind, push, { manifest: 'b'.repeat(64) }, 'spec.manifest'],
  [fileTransferKind, push, { path: '/etc' }, 'spec.path'],
  [fileTransferKind, push, { mode: '0777' }, 'spec.mode'],
  [fileTransferKind, push, { check: true }, 'spec.check'],
  [commandRunKind, command, { signed: { payload: '{}', signatures } }, 'spec.signed.payload'],
  [commandRunKind, command, { signed: { payload: 'x', signatures: [] } }, 'spec.signed.signatures'],
])('what differs from what was signed is refused with its path: %#', (kind, spec, change, path) => {
  expect(refusal(kind, spec, change)).toContain(path);
});

test('a script or input that is not what was signed is told once there is a sha256 to tell it by', () => {
  const object = signThenChange(commandRunKind, { script: { source: 'id' }, stdin: 'a' }, { stdin: 'b' });
  const spec = (object as { readonly spec: Parameters<typeof signedCauses>[0] }).spec;
  expect(signedCauses(spec)).toEqual([]);
  expect(signedCauses(spec, sha256).map(({ field }) => field)).toEqual(['spec.stdin']);
});

test('what is signed has every field that the agent gets, under its name', () => {
  const asked = [{ argv: ['id'] }, { direction: 'Push' }, { direction: 'Pull' }].map((spec) =>
    toAsked({ timeoutSeconds: 1, ...spec } as AskingSpec, sha256),
  );
  const fieldsOf = (name: string) => (structs[name]?.fields ?? []).map(([, field]) => field).sort();
  const [command, push, pull] = asked;
  expect(Object.keys(command?.command ?? {}).sort()).toEqual(fieldsOf('CommandSpec'));
  expect(Object.keys(push?.push ?? {}).sort()).toEqual(fieldsOf('PushSpec'));
  expect(Object.keys(pull?.pull ?? {}).sort()).toEqual(fieldsOf('PullSpec'));
  const rest = ['id', 'expiresAtMs', 'signed'];
  const members = fieldsOf('Task').filter((field) => !rest.includes(field));
  expect([...new Set(asked.flatMap((one) => Object.keys(one)))].sort()).toEqual(members);
});

test('a signature that comes without an object around it is read by the same schema', () => {
  const signed = { payload: 'x', signatures };
  expect(parseSigned(signed)).toEqual(signed);
  for (const bad of [
    null,
    {},
    { ...signed, payload: '' },
    { ...signed, signatures: [] },
    { ...signed, more: 1 },
  ])
    expect(() => parseSigned(bad)).toThrow(/^cannot read signed/);
});

test('a payload says again what went into it, and any change of it is a difference', () => {
  const texts = fc.string({ unit: 'grapheme' });
  const specs = fc.record({
    timeoutSeconds: fc.nat(),
    argv: fc.array(texts, { minLength: 1 }),
    user: texts,
    env: fc.dictionary(
      texts.filter((name) => name !== '__proto__'),
      texts,
    ),
    stdin: texts,
  });
  fc.assert(
    fc.property(specs, texts, (spec, word) => {
      const asked = toAsked(spec, sha256);
      const request = parsePayload(toPayload(frame, asked)) ?? {};
      expect(request['nodes']).toBe('db,n[1-3]');
      expect(askedDifferences(asked, request)).toEqual([]);
      const changed = toAsked({ ...spec, argv: [...spec.argv, word] }, sha256);
      expect(askedDifferences(changed, request)).toEqual(['command.argv']);
    }),
  );
});
