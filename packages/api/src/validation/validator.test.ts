import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from '../errors.ts';
import { allKinds } from '../kinds/index.ts';
import type { KubeObject } from '../meta.ts';
import { checkImmutable } from './immutable.ts';
import { validatorOf } from './validator.ts';

const kindOf = (word: string) => {
  const kind = allKinds.find((k) => k.kind === word);
  if (kind === undefined) throw new Error(`no kind ${word}`);
  return kind;
};
const validators = new Map(allKinds.map((kind) => [kind.kind, validatorOf(kind)]));
const validate = (word: string, input: unknown, mode: 'Ignore' | 'Warn' | 'Strict' = 'Strict') => {
  const validator = validators.get(word);
  if (validator === undefined) throw new Error(`no kind ${word}`);
  return validator(input, mode);
};
const refusal = (action: () => unknown): ApiError => {
  try {
    action();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
const fields = (error: ApiError) => (error.details?.causes ?? []).map((cause) => cause.field);
const run = (spec: object) => ({
  metadata: { name: 'r' },
  spec: { argv: ['x'], targets: { nodeSet: '*' }, ...spec },
});

test('defaults are filled in, nested ones too, and the input is left as it was', () => {
  const input = run({});
  const before = JSON.stringify(input);
  const { object } = validate('CommandRun', input);
  expect(object).toMatchObject({
    apiVersion: 'drover.dev/v1alpha1',
    kind: 'CommandRun',
    spec: { timeoutSeconds: 3600, strategy: { width: 0, batches: [] }, offline: { policy: 'Queue' } },
  });
  expect(JSON.stringify(input)).toBe(before);
});

test('an unknown field is refused, told or dropped, with its path', () => {
  const input = run({ strategy: { widht: 3 } });
  const error = refusal(() => validate('CommandRun', input, 'Strict'));
  expect(error.message).toContain('unknown field "spec.strategy.widht"');
  expect(validate('CommandRun', input, 'Warn').warnings).toEqual(['unknown field "spec.strategy.widht"']);
  expect(validate('CommandRun', input, 'Ignore').warnings).toEqual([]);
  expect(JSON.stringify(validate('CommandRun', input, 'Ignore').object)).not.toContain('widht');
});

test('every wrong value is named by its path, in words', () => {
  const error = refusal(() =>
    validate(
      'CommandRun',
      run({ targets: { nodeSet: '' }, strategy: { gate: 'No', batches: [1, 'x'] }, argv: [] }),
    ),
  );
  expect(error.reason).toBe('Invalid');
  expect(fields(error).sort()).toEqual([
    'spec.argv',
    'spec.strategy.batches[1]',
    'spec.strategy.gate',
    'spec.targets.nodeSet',
  ]);
  expect(error.message).toContain(
    'spec.strategy.gate: must be one of "Automatic", "AfterFirst", "EveryBatch"',
  );
  expect(fields(refusal(() => validate('CommandRun', run({ targets: {} }))))).toEqual(['spec.targets']);
});

test('what can never be carried out is refused by its path: node-sets, empty batches, labels', () => {
  const transfer = { direction: 'Pull', path: '/x', targets: { nodeSet: 'web[1-' } };
  const work = refusal(() =>
    validate('CommandRun', run({ targets: { nodeSet: 'n[' }, strategy: { batches: [1, 0, '0%'] } })),
  );
  expect(fields(work)).toEqual([
    'spec.targets.nodeSet',
    'spec.strategy.batches[1]',
    'spec.strategy.batches[2]',
  ]);
  expect(work.message).toContain('spec.targets.nodeSet: "n[" has a "[" without "]"');
  expect(
    fields(refusal(() => validate('FileTransfer', { metadata: { name: 't' }, spec: transfer }))),
  ).toEqual(['spec.targets.nodeSet']);
  const spec = { nodeNamePattern: 'n[', labels: { 'a b': 'c', rack: 'd e' } };
  expect(fields(refusal(() => validate('EnrollmentToken', { metadata: { name: 't' }, spec })))).toEqual([
    'spec.nodeNamePattern',
    'spec.labels',
    'spec.labels[rack]',
  ]);
});

test('another apiVersion or kind is refused', () => {
  expect(refusal(() => validate('Node', { apiVersion: 'v2', kind: 'Node' })).reason).toBe('BadRequest');
  expect(refusal(() => validate('Node', { apiVersion: 'v1', kind: 'Pod' })).reason).toBe('BadRequest');
  expect(refusal(() => validate('Node', [])).reason).toBe('BadRequest');
});

test.each([
  ['metadata.name', { name: 'Web1' }],
  ['metadata.name', {}],
  ['metadata.namespace', { name: 'a', namespace: 'b' }],
  ['metadata.labels', { name: 'a', labels: { 'a b': '' } }],
  ['metadata.labels[a]', { name: 'a', labels: { a: 'b c' } }],
  ['metadata.annotations', { name: 'a', annotations: { a: 'x'.repeat(262144) } }],
  ['metadata.finalizers[0]', { name: 'a', finalizers: ['a b'] }],
])('metadata that is not sound is refused: %s', (field, metadata) => {
  expect(fields(refusal(() => validate('Node', { metadata })))).toEqual([field]);
});

test("a Secret's stringData is stored as data", () => {
  const { object } = validate('Secret', {
    metadata: { name: 's' },
    data: { a: 'YQ==' },
    stringData: { b: 'ü' },
  });
  expect(object['data']).toEqual({ a: 'YQ==', b: 'w7w=' });
  expect(object['stringData']).toBeUndefined();
  expect(object['type']).toBe('Opaque');
  const bad = refusal(() => validate('Secret', { metadata: { name: 's' }, data: { a: 'no base64' } }));
  expect(fields(bad)).toEqual(['data[a]']);
});

test('null means absent, and an empty value in a map of text', () => {
  const input = { metadata: { name: 'c', labels: null, creationTimestamp: null }, data: { a: null, b: 'x' } };
  const { object } = validate('ConfigMap', input);
  expect(object).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: { a: '', b: 'x' },
  });
});

test('numbers given as quantities are stored as text', () => {
  const { object } = validate('Node', {
    metadata: { name: 'n' },
    status: { capacity: { cpu: 4, memory: '16Gi' } },
  });
  expect(object['status']).toEqual({ capacity: { cpu: '4', memory: '16Gi' } });
});

test('immutable paths and immutable data may not change', () => {
  const before = validate('CommandRun', run({})).object;
  const after = validate('CommandRun', run({ argv: ['y'], cancel: true })).object;
  expect(checkImmutable(kindOf('CommandRun'), before, after).map((c) => c.field)).toEqual(['spec.argv']);
  const map = (data: object, immutable: boolean) =>
    validate('ConfigMap', { metadata: { name: 'c' }, data, immutable }).object;
  const causes = checkImmutable(kindOf('ConfigMap'), map({ a: '1' }, true), map({ a: '2' }, false));
  expect(causes.map((c) => c.field)).toEqual(['immutable', 'data']);
});

test('hostile input is refused cleanly: too deep, too many values, __proto__', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(100000)}1${'}'.repeat(100000)}`) as object;
  const managed = { metadata: { name: 'a', managedFields: [deep] } };
  expect(refusal(() => validate('Node', managed)).message).toContain('deeper');
  const many = { metadata: { name: 'a' }, status: { volumesInUse: new Array(1_100_000).fill(1) } };
  expect(refusal(() => validate('Node', many)).reason).toBe('RequestEntityTooLarge');
  const wrong = { metadata: { name: 'a' }, status: { volumesInUse: new Array(19_000).fill(1) } };
  expect(refusal(() => validate('Node', wrong)).details?.causes).toHaveLength(20);
  const proto = JSON.parse('{"metadata":{"name":"a"},"data":{"__proto__":"x"}}') as object;
  expect(refusal(() => validate('ConfigMap', proto)).message).toContain('__proto__');
});

test('any JSON is either refused with an ApiError or valid again as it came out', () => {
  const metadata = fc.record({ name: fc.oneof(fc.constant('a'), fc.jsonValue()), labels: fc.jsonValue() });
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record(
      { metadata, spec: fc.jsonValue(), status: fc.jsonValue(), data: fc.jsonValue() },
      { requiredKeys: [] },
    ),
  );
  const property = fc.property(fc.constantFrom(...validators.keys()), anything, (word, input) => {
    let object: KubeObject;
    try {
      object = validate(word, input, 'Ignore').object;
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
      return;
    }
    expect(validate(word, object).object).toEqual(object);
  });
  fc.assert(property, { numRuns: 2000 });
});
