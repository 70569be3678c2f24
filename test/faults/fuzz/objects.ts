// Owns the door of objects: bodies and patches of every kind, good ones spoilt, in every content type; for real, no dry run.
import fc from 'fast-check';
import { type Ask, type Door, expectClean, hold } from './ground.ts';
import { samples } from './samples.ts';
import { hostileText, hostileValue, mutated } from './values.ts';

const types = [
  ...Array<string>(8).fill('application/json'),
  ...Array<string>(3).fill('application/merge-patch+json'),
  ...Array<string>(3).fill('application/json-patch+json'),
  ...Array<string>(3).fill('application/strategic-merge-patch+json'),
  ...[
    'application/yaml',
    'application/apply-patch+yaml',
    'application/vnd.kubernetes.protobuf',
    'text/plain',
  ],
];

/** Deeper than any parser may recurse. */
const abysses = ['[', '{"a":', '- ', '&a [*a,'].map((text) => Buffer.from(text.repeat(20_000)));

/** Some are not UTF-8, some not JSON. */
const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '');

/** The text cut, or with one byte changed. */
const torn = (body: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.tuple(body, fc.nat(), fc.nat(255), fc.boolean()).map(([bytes, at, value, isCut]) => {
    const copy = Buffer.from(bytes);
    if (copy.length === 0) return copy;
    if (isCut) return copy.subarray(0, at % copy.length);
    copy[at % copy.length] = value;
    return copy;
  });

const creation: fc.Arbitrary<Ask> = fc.constantFrom(...samples).chain(({ collection, object }) => {
  const body = mutated([object]).map(toBytes);
  return fc.record({
    method: fc.constant('POST'),
    path: fc.constant(collection),
    headers: fc.constantFrom(...types).map((type) => ({ 'content-type': type })),
    body: fc.oneof(
      { arbitrary: body, weight: 8 },
      torn(body),
      fc.uint8Array().map((b) => Buffer.from(b)),
      fc.constantFrom(...abysses),
    ),
  });
});

const pointers = fc.constantFrom(
  '/spec',
  '/metadata/labels/a',
  '/metadata',
  '/data',
  '/spec/targets/nodeSet',
  '',
  '/-',
);
const jsonPatches = fc.array(
  fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
      path: fc.oneof(pointers, hostileText),
      from: fc.oneof(pointers, hostileText),
      value: hostileValue,
    },
    { requiredKeys: ['op', 'path'] },
  ),
  { maxLength: 6 },
);

const change: fc.Arbitrary<Ask> = fc.constantFrom(...samples).chain(({ collection, object }) => {
  const spoilt = fc.oneof(mutated([object]), jsonPatches, hostileValue).map(toBytes);
  return fc.record({
    method: fc.constantFrom('PUT', 'PATCH', 'PATCH', 'DELETE'),
    path: fc.constantFrom('', '/status', '/approval', '/results').map((sub) => `${collection}/fuzz${sub}`),
    headers: fc.constantFrom(...types).map((type) => ({ 'content-type': type })),
    body: spoilt,
  });
});

/** Every kind's object is made anew now and then, so that changes find something to change. */
const renewal: fc.Arbitrary<Ask> = fc.constantFrom(...samples).map(({ collection, object }) => ({
  method: 'POST',
  path: collection,
  headers: { 'content-type': 'application/json' },
  body: toBytes(object),
}));

export const objectsDoor: Door = {
  name: 'bodies and patches of objects',
  share: 0.35,
  open: ({ ask }) => ({
    fuzz: (runs) => {
      const asks = fc.oneof(
        { arbitrary: creation, weight: 4 },
        { arbitrary: change, weight: 5 },
        { arbitrary: renewal, weight: 1 },
      );
      return hold(runs, asks, async (one) => {
        expectClean(await ask(one), { ...one, body: one.body?.toString('latin1').slice(0, 600) });
      });
    },
  }),
};
