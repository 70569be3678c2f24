import { type KubeObject, nodeKind, validatorOf } from '@drover/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentView } from './facts.ts';
import { conditionOf, withLabels, withStatus } from './status.ts';

const bare: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} };
const agent = (changes: Partial<AgentView> = {}): AgentView => ({
  node: 'n1',
  machineId: 'm',
  controller: '',
  bootId: 'b',
  agentVersion: '0.1.0',
  connected: true,
  sinceMs: 0,
  facts: { filesystems: [{ mount: '/', sizeKib: 1000 }] },
  heartbeat: { memoryTotalKib: 1000, memoryAvailableKib: 500, diskFreeKib: 500 },
  ...changes,
});
const disk = (free: number) =>
  agent({ heartbeat: { memoryTotalKib: 1000, memoryAvailableKib: 500, diskFreeKib: free } });
const apply = (object: KubeObject, view: AgentView, nowMs = 0) => withStatus(object, view, nowMs) ?? object;

const facts = fc.record(
  {
    hostname: fc.anything(),
    os: fc.oneof(
      fc.anything(),
      fc.record({ id: fc.anything(), versionId: fc.string(), family: fc.string() }),
    ),
    arch: fc.anything(),
    kernel: fc.anything(),
    cpu: fc.oneof(fc.anything(), fc.record({ count: fc.anything() })),
    memoryKib: fc.oneof(fc.anything(), fc.integer(), fc.double()),
    filesystems: fc.oneof(
      fc.anything(),
      fc.array(fc.record({ mount: fc.constant('/'), sizeKib: fc.anything() })),
    ),
    addresses: fc.oneof(fc.anything(), fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.anything()))),
  },
  { requiredKeys: [] },
);

test('whatever an agent tells makes a valid node, and telling it twice changes nothing', () => {
  const validate = validatorOf(nodeKind);
  fc.assert(
    fc.property(
      facts,
      fc.boolean(),
      fc.option(fc.dictionary(fc.string(), fc.double())),
      (told, connected, beat) => {
        const view = agent({ facts: told, connected, heartbeat: beat });
        const first = apply(withLabels(bare, view) ?? bare, view, 1000);
        validate(JSON.parse(JSON.stringify(first)), 'Strict');
        expect(withStatus(first, view, 999_000)).toBeUndefined();
        expect(withLabels(first, view)).toBeUndefined();
      },
    ),
    { numRuns: 500 },
  );
});

test('a heartbeat that changes nothing for people changes nothing', () => {
  const first = apply(bare, disk(500));
  expect(withStatus(first, disk(499), 60_000)).toBeUndefined();
});

test('pressure begins below the threshold and ends well above it', () => {
  let object = apply(bare, disk(101));
  expect(conditionOf(object, 'DiskPressure')?.status).toBe('False');
  object = apply(object, disk(99));
  expect(conditionOf(object, 'DiskPressure')?.status).toBe('True');
  object = apply(object, disk(149));
  expect(conditionOf(object, 'DiskPressure')?.status).toBe('True');
  object = apply(object, disk(150));
  expect(conditionOf(object, 'DiskPressure')?.status).toBe('False');
});

test('a condition keeps the time of its last change', () => {
  const first = apply(bare, agent(), 1000);
  const second = apply(first, agent({ connected: false, sinceMs: 5000 }), 9000);
  const third = apply(second, agent({ connected: false, sinceMs: 7000 }), 20_000);
  expect(conditionOf(first, 'Ready')?.lastTransitionTime).toBe('1970-01-01T00:00:01Z');
  expect(conditionOf(third, 'Ready')?.lastTransitionTime).toBe('1970-01-01T00:00:09Z');
  expect(conditionOf(third, 'Ready')?.message).toContain('1970-01-01T00:00:07Z');
});

test('conditions of others stay', () => {
  const other = { type: 'NetworkUnavailable', status: 'False' };
  const object = apply({ ...bare, status: { conditions: [other] } }, agent());
  expect(conditionOf(object, 'NetworkUnavailable')).toEqual(other);
});

test('a node is labelled while its policy wants requests signed, and no longer', () => {
  const before = { ...bare, metadata: { name: 'n1', labels: { rack: 'a' } } };
  const strict = agent({ facts: { signing: { required: true } } });
  const labelled = withLabels(before, strict) ?? before;
  expect(labelled.metadata.labels).toMatchObject({ rack: 'a', 'drover.dev/signing': 'required' });
  expect(withLabels(labelled, strict)).toBeUndefined();
  const after = withLabels(labelled, agent()) ?? labelled;
  expect(after.metadata.labels).not.toHaveProperty(['drover.dev/signing']);
  expect(after.metadata.labels).toHaveProperty('rack', 'a');
});
