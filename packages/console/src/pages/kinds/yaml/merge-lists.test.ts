// Lists whose items have identities: two people who change different items do not meet; comments stay where they were.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OpenApiDocument, OpenApiSchema } from '../../../api/openapi.ts';
import { type Schemas, schemasOfKind } from '../schema/schema.ts';
import { contentOf, parseText } from './document.ts';
import { toYaml } from './editable.ts';
import { toFieldPath } from './field-path.ts';
import { mergeThreeWay } from './merge.ts';
import { withChanges } from './merged-text.ts';

const gvk = { group: 'g', version: 'v1', kind: 'Thing' };
const text: OpenApiSchema = { type: 'string' };
const texts = (says: OpenApiSchema): OpenApiSchema => ({ type: 'array', items: text, ...says });
const ports: OpenApiSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      port: { type: 'integer' },
      protocol: { type: 'string', default: 'TCP' },
      note: text,
      tags: texts({ 'x-kubernetes-list-type': 'set' }),
    },
  },
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['port', 'protocol'],
};
const properties: Readonly<Record<string, OpenApiSchema>> = {
  ports,
  hosts: {
    type: 'array',
    items: { type: 'object', properties: { name: text, ip: text } },
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-patch-merge-key': 'name',
  },
  tags: texts({ 'x-kubernetes-list-type': 'set' }),
  args: texts({ 'x-kubernetes-list-type': 'atomic' }),
  words: texts({}),
  selector: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
};
const document: OpenApiDocument = {
  components: {
    schemas: { Thing: { type: 'object', properties, 'x-kubernetes-group-version-kind': [gvk] } },
  },
};
const schemas = schemasOfKind(document, gvk) as Schemas; // it is there

const merge = (base: object, mine: object, theirs: object) => mergeThreeWay(base, mine, theirs, schemas);
const joinedText = (base: object, mine: string, theirs: object): string =>
  withChanges(mine, merge(base, contentOf(parseText(mine)) as object, theirs).changes);
const joined = (base: object, mine: object, theirs: object): unknown =>
  contentOf(parseText(joinedText(base, toYaml(mine), theirs)));
const conflictPaths = (base: object, mine: object, theirs: object): readonly string[] =>
  merge(base, mine, theirs)
    .conflicts.map(({ path }) => toFieldPath(path))
    .sort();

const port = (number: number, more: object = {}) => ({ port: number, protocol: 'TCP', ...more });

const tags = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 });
const thing = fc.record(
  {
    ports: fc.uniqueArray(
      fc.record({
        port: fc.nat(4),
        protocol: fc.constantFrom('TCP', 'UDP'),
        note: fc.constantFrom('a', 'b'),
        tags,
      }),
      { maxLength: 5, selector: (item) => `${item.port}/${item.protocol}` },
    ),
    hosts: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('a', 'b', 'c'), ip: fc.constantFrom('1', '2') }),
      {
        selector: ({ name }) => name,
      },
    ),
    tags,
    args: fc.array(fc.constantFrom('-v', '-q'), { maxLength: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

type Thing = Readonly<Record<string, unknown>>;
const sorted = (list: unknown): unknown =>
  Array.isArray(list) ? list.map((item) => JSON.stringify(item)).sort() : list;
/** Without the order of lists whose items have identities. */
const unordered = (value: unknown): unknown => {
  const { ports: open, hosts, tags: words, ...rest } = value as Thing;
  const named = Array.isArray(open)
    ? open.map((one: Thing) => ({ ...one, tags: sorted(one['tags']) }))
    : open;
  return { ports: sorted(named), hosts: sorted(hosts), tags: sorted(words), ...rest };
};

test('who changed nothing gets just what the other has, in their order; who alone changed keeps theirs', () => {
  fc.assert(
    fc.property(thing, thing, (base, other) => {
      expect(merge(base, base, other).conflicts).toEqual([]);
      expect(joined(base, base, other)).toEqual(other);
      expect(merge(base, other, base)).toEqual({ changes: [], conflicts: [] });
      expect(merge(base, other, other)).toEqual({ changes: [], conflicts: [] });
    }),
  );
});

test('both see the same conflicts, and without one both end with the same object', () => {
  fc.assert(
    fc.property(thing, thing, thing, (base, mine, theirs) => {
      const conflicts = conflictPaths(base, mine, theirs);
      expect(conflictPaths(base, theirs, mine)).toEqual(conflicts);
      if (conflicts.length > 0) return;
      expect(unordered(joined(base, mine, theirs))).toEqual(unordered(joined(base, theirs, mine)));
    }),
  );
});

test('changes of different items never meet, whatever each does with theirs', () => {
  const items = fc.uniqueArray(fc.record({ port: fc.nat(9), note: fc.constantFrom('a', 'b') }), {
    selector: (item) => item.port,
  });
  const half = (list: readonly { readonly port: number }[], rest: number) =>
    list.filter((item) => item.port % 2 === rest);
  fc.assert(
    fc.property(items, items, items, (was, one, other) => {
      // Mine has the even ones as I want them, theirs the odd ones.
      const mine = { ports: [...half(was, 1), ...half(one, 0)] };
      const theirs = { ports: [...half(other, 1), ...half(was, 0)] };
      expect(conflictPaths({ ports: was }, mine, theirs)).toEqual([]);
      const both = { ports: [...half(other, 1), ...half(one, 0)] };
      expect(unordered(joined({ ports: was }, mine, theirs))).toEqual(unordered(both));
    }),
  );
});

test('comments stay with the items that they are about, while others come, go and move', () => {
  const mine = `ports:
  # the web
  - port: 80 # plain
    protocol: TCP
  - port: 22
    protocol: TCP
  # mine
  - port: 443
    protocol: TCP
args:
  # first
  - -v # loud
`;
  const base = { ports: [port(80), port(22)], args: ['-v'] };
  const theirs = { ports: [port(53), port(80, { note: 'new' })], args: ['-x', '-v'] };
  expect(joinedText(base, mine, theirs)).toBe(`ports:
  - port: 53
    protocol: TCP
  # the web
  - port: 80 # plain
    protocol: TCP
    note: new
  # mine
  - port: 443
    protocol: TCP
args:
  - -x
  # first
  - -v # loud
`);
});

test('one field of one item is asked about by the name of the item, and so is an item that one took away', () => {
  const base = { ports: [port(80, { note: 'a' }), port(22)], hosts: [{ name: 'web', ip: '1' }] };
  const mine = { ports: [port(80, { note: 'b' })], hosts: [{ name: 'web', ip: '2' }] };
  const theirs = { ports: [port(22, { note: 'x' }), port(80, { note: 'c' })], hosts: [] };
  expect(conflictPaths(base, mine, theirs)).toEqual([
    'hosts[name="web"]',
    'ports[port=22,protocol="TCP"]',
    'ports[port=80,protocol="TCP"].note',
  ]);
  const { conflicts } = merge(base, mine, theirs);
  const chosen = conflicts.map(({ path, theirs: value }) => ({ path, value }));
  const all = withChanges(toYaml(mine), [...merge(base, mine, theirs).changes, ...chosen]);
  expect(unordered(contentOf(parseText(all)))).toEqual(unordered(theirs));
});

test('a key that has a default is the same whether it is said or not', () => {
  const mine = { ports: [{ port: 80, note: 'mine' }] };
  const theirs = { ports: [port(80), port(81)] };
  expect(joined({ ports: [port(80)] }, mine, theirs)).toEqual({ ports: [mine.ports[0], port(81)] });
});

test('atomic lists and maps, lists of which nothing is said, and unclear items are asked about as a whole', () => {
  const base = { args: ['a'], words: ['a'], selector: { a: '1' }, ports: [port(80), port(80)] };
  const mine = { args: ['a', 'm'], words: ['a', 'm'], selector: { a: '1', m: '1' }, ports: [port(80)] };
  const theirs = { args: ['a', 't'], words: ['a', 't'], selector: { a: '1', t: '1' }, ports: [port(81)] };
  expect(conflictPaths(base, mine, theirs)).toEqual(['args', 'ports', 'selector', 'words']);
});

test('an alias is spelled out before what it stands for changes in one place only', () => {
  const mine = 'hosts: &h\n  - name: a\n    ip: "1"\nother: *h\n';
  const both = joinedText({ hosts: [{ name: 'a', ip: '1' }], other: [{ name: 'a', ip: '1' }] }, mine, {
    hosts: [{ name: 'a', ip: '2' }],
    other: [{ name: 'a', ip: '1' }],
  });
  expect(contentOf(parseText(both))).toEqual({
    hosts: [{ name: 'a', ip: '2' }],
    other: [{ name: 'a', ip: '1' }],
  });
});
