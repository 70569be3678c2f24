// Owns hostile values: what has broken programs before, and mutations that put it anywhere into a good document.
import fc from 'fast-check';

const words = [
  '',
  ' ',
  '.',
  '..',
  '../../../../etc/passwd',
  '/',
  '//',
  '%00',
  '%',
  '\u0000',
  '\ud800',
  '\ufeff',
  '\u202e',
  '😀',
  'é'.normalize('NFD'),
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  '-1',
  '1e999',
  '0x10',
  '9007199254740993',
  '-9223372036854775808',
  "'; drop table objects; --",
  '$(reboot)',
  '{{.}}',
  '(a+)+$',
  'a'.repeat(64),
  'a'.repeat(254),
  'a'.repeat(70_000),
  'a.'.repeat(200),
  '[1-9]',
  '2026-13-45T99:99:99Z',
  '*',
  '\n',
  '\r\nx: y',
];

const numbers = [0, -0, -1, 1.5, 2 ** 31, -(2 ** 31), 2 ** 53, 1e308, Number.MIN_VALUE];

const deep = (levels: number): unknown => {
  let value: unknown = 'bottom';
  for (let n = 0; n < levels; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
};

export const hostileText = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: hostileText, weight: 4 },
  fc.constantFrom<unknown>(...numbers, true, false, null),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(90, 101, 400).map(deep),
  fc.constant(Array.from({ length: 5000 }, (_, n) => n)),
);

interface Step {
  readonly pick: number;
  readonly verb: 'replace' | 'remove' | 'add' | 'double';
  readonly key: string;
  readonly value: unknown;
}

const steps: fc.Arbitrary<Step> = fc.record({
  pick: fc.nat(),
  verb: fc.constantFrom<Step['verb']>('replace', 'replace', 'replace', 'remove', 'add', 'double'),
  key: hostileText,
  value: hostileValue,
});

type Container = Record<string, unknown>;

interface Place {
  readonly holder: Container;
  readonly key: string;
}

/** Every (container, key) of a document, its own included, 20 levels down. */
const places = (value: unknown, level = 0): readonly Place[] => {
  if (typeof value !== 'object' || value === null || level > 20) return [];
  // An array takes its indices as keys.
  return Object.entries(value).flatMap(([key, child]) => [
    { holder: value as Container, key },
    ...places(child, level + 1),
  ]);
};

const put = (holder: Container, key: string, value: unknown): void => {
  // As JSON.parse would: also a field called __proto__.
  const own: unknown = structuredClone(value); // steps may be applied to it
  Object.defineProperty(holder, key, { value: own, writable: true, enumerable: true, configurable: true });
};

const apply = (root: Container, { pick, verb, key, value }: Step): void => {
  const all = places(root);
  const place = all[pick % Math.max(1, all.length)];
  if (place === undefined) return;
  const { holder, key: at } = place;
  const inner = holder[at];
  const target = typeof inner === 'object' && inner !== null ? (inner as Container) : holder;
  if (verb === 'replace') put(holder, at, value);
  else if (verb === 'remove') delete holder[at];
  else if (verb === 'add') put(target, Array.isArray(target) ? String(target.length) : key, value);
  else if (Array.isArray(holder)) holder.push(inner);
};

/** A good document with one to four things wrong. */
export const mutated = (documents: readonly object[]): fc.Arbitrary<object> =>
  fc
    .tuple(fc.constantFrom(...documents), fc.array(steps, { minLength: 1, maxLength: 4 }))
    .map(([good, wrong]) => {
      const root = structuredClone(good) as Container;
      for (const step of wrong) apply(root, step);
      return root;
    });
