// Compares strategic merge patches with upstream's own code: `kubectl patch --local`.
import fc from 'fast-check';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { runKubectl } from '../../../../test/harness/kubectl-binary.ts';
import { Node } from '../kinds/node-schema.ts';
import { isPlainObject } from './json.ts';
import { applyStrategicPatch } from './strategic-patch.ts';

const keyed = (key: string, strategy = 'merge') => ({
  'x-kubernetes-patch-strategy': strategy,
  'x-kubernetes-patch-merge-key': key,
});
const text = Type.Optional(Type.String());

/** As much of a Pod as shows every strategy: keyed lists in keyed lists, sets, atomic lists, retainKeys, maps. */
const Pod = Type.Object({
  metadata: Node.properties.metadata,
  spec: Type.Object({
    containers: Type.Array(
      Type.Object({
        name: text,
        image: text,
        args: Type.Array(Type.String()),
        env: Type.Array(Type.Object({ name: text, value: text }), keyed('name')),
        ports: Type.Array(Type.Object({ containerPort: Type.Integer(), name: text }), keyed('containerPort')),
      }),
      keyed('name'),
    ),
    tolerations: Type.Array(Type.Object({ key: text })),
    volumes: Type.Array(Type.Object({ name: text }), keyed('name', 'merge,retainKeys')),
    nodeSelector: Type.Record(Type.String(), Type.String()),
  }),
});

const letter = fc.constantFrom('a', 'b', 'c', 'd');
const letters = fc.uniqueArray(letter, { maxLength: 4 });
/** Few, so that a patch is about what is there. */
const few = fc.constantFrom('a', 'b');
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 6 });
const keyedBy = <T extends Record<string, unknown>>(key: string, item: fc.Arbitrary<T>, minLength = 0) =>
  fc.uniqueArray(item, { selector: (i) => i[key], minLength, maxLength: 4 });

const env = fc.record({ name: letter, value: letter });
const portNumber = fc.integer({ min: 1, max: 4 });
const portNumbers = fc.shuffledSubarray([1, 2, 3, 4]);
const port = fc.record({ containerPort: portNumber, name: letter });
const container = fc.record(
  {
    name: few,
    image: letter,
    args: letters,
    env: keyedBy('name', env, 2),
    ports: keyedBy('containerPort', port, 2),
  },
  { requiredKeys: ['name'] },
);
const volume = fc.record(
  {
    name: few,
    emptyDir: fc.record({ medium: letter }),
    hostPath: fc.record({ path: letter, type: letter }),
  },
  { requiredKeys: ['name'] },
);
const labels = fc.dictionary(letter, letter, { maxKeys: 3 });

const pod = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  metadata: fc.record({ name: fc.constant('p'), labels: sometimes(labels), finalizers: sometimes(letters) }),
  spec: fc.record({
    containers: keyedBy('name', container, 1),
    volumes: sometimes(keyedBy('name', volume, 1)),
    tolerations: sometimes(fc.array(fc.record({ key: letter }), { maxLength: 3 })),
    nodeSelector: sometimes(labels),
  }),
});

const deletion = <K extends string>(key: K, value: fc.Arbitrary<unknown>) =>
  fc.record({ $patch: fc.constant('delete'), [key]: value });
const replacing = <T>(list: fc.Arbitrary<T[]>) =>
  fc.oneof(
    { weight: 5, arbitrary: list },
    { weight: 1, arbitrary: list.map((items) => [{ $patch: 'replace' }, ...items]) },
  );
/** A list patch over existing items, with deletions mixed in by other keys. */
const listPatch = (key: string, item: fc.Arbitrary<Record<string, unknown>>, id: fc.Arbitrary<unknown>) =>
  replacing(
    keyedBy(key, fc.oneof({ weight: 3, arbitrary: item }, { weight: 1, arbitrary: deletion(key, id) })),
  );

const mapPatch = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(letter, orNull(letter), { maxKeys: 3 }) },
  { weight: 1, arbitrary: labels.map((map) => ({ $patch: 'replace', ...map })) },
  { weight: 1, arbitrary: fc.constant({ $patch: 'delete' }) },
);

/** $setElementOrder as kubectl writes it: the patch's own items in order, and more before, between or after them. */
const ordered = <T extends Record<string, unknown>>(
  field: string,
  key: string,
  patch: T,
  more: readonly unknown[],
): T => {
  const list = patch[field];
  if (list === null) return patch; // upstream wants no order for a list that is deleted
  const items = Array.isArray(list) ? (list as Record<string, unknown>[]) : [];
  if (items.some((i) => i['$patch'] === 'replace')) return patch;
  const named = items.filter((i) => i['$patch'] === undefined).map((i) => i[key]);
  const others = more.filter((value) => !named.includes(value));
  const half = others.length >> 1;
  const order = [...others.slice(0, half), ...named, ...others.slice(half)].map((value) => ({
    [key]: value,
  }));
  return { ...patch, [`$setElementOrder/${field}`]: order };
};
/** With an order for some of its lists: field → key and values of it. */
const withOrders = <T extends Record<string, unknown>>(
  patches: fc.Arbitrary<T>,
  lists: Readonly<Record<string, readonly [key: string, values: fc.Arbitrary<unknown[]>]>>,
): fc.Arbitrary<T> =>
  Object.entries(lists).reduce(
    (some, [field, [key, values]]) =>
      fc
        .tuple(some, fc.option(values, { nil: undefined, freq: 3 }))
        .map(([patch, more]) => (more === undefined ? patch : ordered(field, key, patch, more))),
    patches,
  );

const containerPatch = withOrders(
  fc.record(
    {
      name: few,
      image: orNull(letter),
      args: orNull(letters),
      env: listPatch('name', env, letter),
      ports: listPatch('containerPort', port, portNumber),
    },
    { requiredKeys: ['name'] },
  ),
  { env: ['name', fc.shuffledSubarray(['a', 'b', 'c', 'd'])], ports: ['containerPort', portNumbers] },
);

/** $retainKeys as kubectl writes it: what is set, and perhaps more; now and then something that is set is not there. */
const retaining = <T extends Record<string, unknown>>(
  patches: fc.Arbitrary<T>,
  keys: readonly string[],
): fc.Arbitrary<T> =>
  fc.tuple(patches, fc.subarray([...keys]), fc.integer({ min: 0, max: 19 })).map(([patch, some, which]) => {
    if (which < 5) return patch;
    const set = Object.keys(patch).filter((key) => patch[key] !== null && patch[key] !== undefined);
    return { ...patch, $retainKeys: which === 19 ? some : [...new Set([...set, ...some])] };
  });
const volumePatch = retaining(
  fc.record(
    {
      name: few,
      emptyDir: orNull(fc.record({ medium: letter })),
      hostPath: orNull(fc.record({ path: letter, type: letter }, { requiredKeys: [] })),
    },
    { requiredKeys: ['name'] },
  ),
  ['name', 'emptyDir', 'hostPath'],
);

const fewNames = fc.shuffledSubarray(['a', 'b', 'c']);
const specPatch = withOrders(
  fc.record(
    {
      containers: listPatch('name', containerPatch, few),
      volumes: orNull(listPatch('name', volumePatch, few)),
      tolerations: orNull(fc.array(fc.record({ key: letter }), { maxLength: 3 })),
      nodeSelector: orNull(mapPatch),
    },
    { requiredKeys: [] },
  ),
  { containers: ['name', fewNames], volumes: ['name', fewNames] },
);

const metadataPatch = fc.oneof(
  fc.record({ labels: orNull(mapPatch), finalizers: orNull(letters) }, { requiredKeys: [] }),
  fc.record({ '$deleteFromPrimitiveList/finalizers': letters, labels: mapPatch }),
  fc.tuple(letters, letters).map(([add, more]) => ({
    finalizers: add,
    '$setElementOrder/finalizers': [...new Set([...add, ...more])],
  })),
);
const podPatch = fc.record({ metadata: metadataPatch, spec: specPatch }, { requiredKeys: ['spec'] });

/** What the API server's typed decoding does to the result: nulls are absent. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  return Object.fromEntries(entries.map(([k, v]) => [k, withoutNulls(v)]));
};
/**
 * Upstream leaves directives in what it appends. Decoding drops those that stand beside fields; a deletion in an item
 * that is new becomes what was to be deleted, which we do not follow.
 */
const withoutDirectives = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const isMarked = (item: unknown): boolean => isPlainObject(item) && Object.hasOwn(item, '$patch');
    return value.filter((item) => !isMarked(item)).map(withoutDirectives);
  }
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith('$'));
  return Object.fromEntries(entries.map(([k, v]) => [k, withoutDirectives(v)]));
};
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const upstream = async (object: unknown, patch: unknown) => {
  const args = [
    'patch',
    '--local',
    '--type',
    'strategic',
    '-f',
    '-',
    '-p',
    JSON.stringify(patch),
    '-o',
    'json',
  ];
  const { code, stdout, stderr } = await runKubectl(args, JSON.stringify(object));
  return code === 0 ? { result: JSON.parse(stdout) as unknown } : { error: stderr };
};

const ours = (object: unknown, patch: unknown, schema: typeof Pod | typeof Node) => {
  try {
    return { result: applyStrategicPatch(json(object), json(patch), schema) };
  } catch (error) {
    return { error: String(error) };
  }
};

const agree = async (object: unknown, patch: unknown, schema: typeof Pod | typeof Node) => {
  const [theirs, mine] = [await upstream(object, patch), ours(object, patch, schema)];
  // Upstream fails on an order for two empty lists; there is nothing to order, so we do not.
  if ('error' in theirs && theirs.error.includes('no elements in any of the given slices')) return;
  const seen = JSON.stringify({ object, patch, theirs, mine });
  expect('error' in mine, seen).toBe('error' in theirs);
  if ('result' in mine && 'result' in theirs) {
    expect(mine.result, seen).toEqual(withoutNulls(withoutDirectives(theirs.result)));
  }
};

const runs = Number(process.env['DROVER_PATCH_RUNS'] ?? 250);

test('a strategic merge patch of a Pod gives what upstream gives', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(pod, podPatch, (object, patch) => agree(object, patch, Pod)),
    { numRuns: runs },
  );
});
