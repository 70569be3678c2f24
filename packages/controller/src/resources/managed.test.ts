import { configMapKind, type Kind, type KubeObject, nodeKind, ownUpdate, schemaOf } from '@drover/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trackCreated } from './managed.ts';

const time = '2026-01-01T00:00:00Z';
const change = { manager: 'one', subresource: undefined, time };

/** As it is reckoned out for each object by itself. */
const fieldsOf = (kind: Kind, after: KubeObject): unknown => {
  const by = { manager: 'one', operation: 'Update', subresource: '' } as const;
  const before = { metadata: {} };
  const made = ownUpdate({ before, after, schema: schemaOf(kind), managers: new Map(), by, time });
  return [...made.values()][0]?.fields;
};

const trackedOf = (kind: Kind, object: KubeObject): unknown =>
  trackCreated(kind, object, change).metadata.managedFields?.[0]?.['fieldsV1'];

const word = fc.constantFrom('a', 'b', 'a1:b', '{}', '.', '1:a.');
const words = fc.dictionary(word, word);

test('what is remembered of the fields of a shape is what each object of it has', () => {
  const configMap = fc.record(
    {
      metadata: fc.record({ name: word, labels: words }, { requiredKeys: [] }),
      data: words,
      binaryData: words,
    },
    { requiredKeys: ['metadata'] },
  );
  fc.assert(
    fc.property(configMap, (fields) => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', ...fields } as KubeObject;
      expect(trackedOf(configMapKind, object)).toEqual(fieldsOf(configMapKind, object));
    }),
  );
});

test('items of lists are known by what they hold, also in objects that are alike otherwise', () => {
  const node = (key: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } },
    spec: { taints: [{ key, effect: 'NoSchedule' }], podCIDRs: [key] },
  });

  for (const key of ['x', 'y']) expect(trackedOf(nodeKind, node(key))).toEqual(fieldsOf(nodeKind, node(key)));
});
