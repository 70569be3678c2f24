// The tables of protobuf messages beside what Kubernetes itself says and sends: field numbers out of its own
// descriptors, and bodies of a real kubectl. How the data is made: README.md.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProtobuf } from '../../packages/api/src/protobuf/index.ts';
import { messages } from '../../packages/api/src/protobuf/tables/index.ts';
import { deleteOptions, unknown } from '../../packages/api/src/protobuf/tables/meta.ts';
import { jsonNames, reachable, typeText } from './kubernetes-tables.ts';

const load = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));

const tables = reachable([unknown, deleteOptions, ...Object.values(messages).flatMap(Object.values)]);

/** In the tables, but younger than the kubectl that kubernetes-fields.json was taken from (1.30). */
const younger: Readonly<Record<string, string>> = {
  'k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions 6': '1.32',
  'k8s.io.api.authorization.v1.ResourceAttributes 8': '1.31',
  'k8s.io.api.authorization.v1.ResourceAttributes 9': '1.31',
  'k8s.io.api.coordination.v1.LeaseSpec 6': '1.31',
  'k8s.io.api.coordination.v1.LeaseSpec 7': '1.31',
  'k8s.io.api.core.v1.NodeRuntimeHandlerFeatures 2': '1.31',
  'k8s.io.api.core.v1.NodeStatus 13': '1.31',
  'k8s.io.api.core.v1.NodeStatus 14': '1.35',
  'k8s.io.api.core.v1.NodeSystemInfo 11': '1.34',
};
const youngerMessages = [
  'k8s.io.api.authorization.v1.FieldSelectorAttributes',
  'k8s.io.api.authorization.v1.FieldSelectorRequirement',
  'k8s.io.api.authorization.v1.LabelSelectorAttributes',
  'k8s.io.api.core.v1.NodeFeatures',
  'k8s.io.api.core.v1.NodeSwapStatus',
];

describe('the field numbers', () => {
  type Upstream = Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>>;
  const upstream = load('./kubernetes-fields.json') as Upstream;

  it('are there for every message', () => {
    const missing = tables.map(({ name }) => name).filter((name) => upstream[name] === undefined);
    expect(missing.sort()).toEqual(youngerMessages);
  });

  it.each(tables.filter(({ name }) => upstream[name] !== undefined))(
    'of $name are as upstream has them',
    (table) => {
      const ours = [...table.fields]
        .filter(([number]) => younger[`${table.name} ${number}`] === undefined)
        .map(([number, field]) => [String(number), [field.name, typeText(field)]] as const);
      const theirs = Object.entries(upstream[table.name] ?? {}).map(
        ([number, [name, type]]) => [number, [jsonNames[name] ?? name, type]] as const,
      );
      expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    },
  );
});

interface Recorded {
  readonly argv: readonly string[];
  readonly hex: string;
  readonly value: Readonly<Record<string, unknown>>;
}

describe('what kubectl sends', () => {
  const bodies = load('./kubernetes-bodies.json') as readonly Recorded[];

  it.each(bodies)('in `$argv` is read as the JSON that kubectl makes of it', ({ hex, value }) => {
    expect(parseProtobuf(new Uint8Array(Buffer.from(hex, 'hex')))).toEqual(value);
  });
});
