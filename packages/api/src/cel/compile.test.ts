import type { CelInput } from '@bufbuild/cel';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { requestBudget } from './budget.ts';
import { CelProblem, compileExpression, type Outcome } from './compile.ts';
import { dyn, listOf, objectOf, scalar } from './types.ts';

const budget = () => ({ left: requestBudget });

const run = (text: string, self: CelInput = null): Outcome =>
  compileExpression(text, { self: dyn }).evaluate({ self }, budget());

const problem = (text: string, variables = { self: dyn }): string => {
  try {
    compileExpression(text, variables, 'bool');
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(CelProblem);
    return error instanceof Error ? error.message : '';
  }
};

test.each([
  '[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2, 3].filter(x, x > 1).size() == 2',
  '[[1, 2], [3]].map(x, x.map(y, y + 1)) == [[2, 3], [4]]',
  '[1, 2].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 2)',
  '{"a": 1, "b": 2}.all(k, k in ["a", "b"])',
  '"a.b".split(".").join("-") == "a-b" && "abc".indexOf("c") == 2 && "ABC".lowerAscii() == "abc"',
  '"aXbX".replace("X", "$&") == "a$&b$&" && "aaa".replace("a", "b", 2) == "bba" && " x ".trim() == "x"',
  '"v1.2".matches("^v[0-9]+[.][0-9]+$") && !"x".matches("y")',
  '"%s has %d".format(["a", 2]) == "a has 2"',
  '[1, 3, 2].isSorted() == false && [1, 2].sum() == 3 && [1, 5].max() == 5 && [4, 2].min() == 2',
  '["a", "b", "a"].lastIndexOf("a") == 2',
  'quantity("1Gi").isGreaterThan(quantity("1000Mi")) && quantity("500m").add(quantity("500m")) == quantity("1")',
  'quantity("2k").asInteger() == 2000 && !quantity("1.5").isInteger() && quantity("-1").sign() == -1',
  'isQuantity("1.5Gi") && !isQuantity("1.5Q") && quantity("1e3").compareTo(quantity("1k")) == 0',
  'url("https://a.example:8443/x?y=1&y=2").getHost() == "a.example:8443" && url("/a?b=c").getQuery()["b"] == ["c"]',
  'isURL("https://[::1]:80/") && url("https://[::1]:80/").getHostname() == "::1" && !isURL("no url")',
  'ip("::1").isLoopback() && ip("10.0.0.1").family() == 4 && ip("2001:db8:0:0::1") == ip("2001:db8::1")',
  'isIP("fe80::1") && !isIP("300.0.0.1") && ip.isCanonical("::1") && !ip.isCanonical("0:0::1")',
  'cidr("10.0.0.0/8").containsIP("10.2.3.4") && !cidr("10.0.0.0/8").containsCIDR("10.0.0.0/7")',
  'cidr("192.168.1.7/24").masked() == cidr("192.168.1.0/24") && cidr("::/0").prefixLength() == 0',
  'timestamp("2026-01-01T00:00:00Z") + duration("1h") < timestamp("2027-01-01T00:00:00Z")',
])('%s', (text) => {
  expect(run(text)).toEqual({ kind: 'value', value: true });
});

describe('an expression that cannot be kept is refused when it is written', () => {
  const typed = { self: objectOf({ n: scalar('int'), list: listOf(objectOf({ name: scalar('string') })) }) };
  it.each([
    ['self.n >', 'expecting'],
    ['self.m > 1', "undefined field 'm'"],
    ['self.list.all(x, x.nam == "a")', "undefined field 'nam'"],
    ['self.n', 'must evaluate to a bool, not to int'],
    ['self.n == "a"', "found no matching overload for '_==_' applied to '(int, string)'"],
    ['self.n.startsWith("a")', "found no matching overload for 'startsWith' applied to 'int.("],
    ['other == 1', "undeclared reference to 'other'"],
    ['self.n.sort() == 1', "undeclared reference to 'sort'"],
    ['self.n.all(x, true)', 'cannot be range of a comprehension'],
    ['optional.of(1).hasValue()', "'optional.of' is not supported by this server"],
    ['authorizer.path("/").check("get").allowed()', 'is not supported by this server'],
    ['"a1".find("[0-9]") == "1"', "undeclared reference to 'find'"],
    ['google.protobuf.Timestamp{} == null', 'undeclared reference'],
    ['drover_tick(true, 1)', "undeclared reference to 'drover_tick'"],
    ['', 'is empty'],
    [`${'('.repeat(5_000)}true${')'.repeat(5_000)}`, 'nests too deep'],
    [`${'!'.repeat(5_000)}true`, 'nests too deep'],
    [`true${' && true'.repeat(5_000)}`, 'is longer than'],
  ])('%s', (text, message) => {
    expect(problem(text, typed as typeof typed & { self: typeof dyn })).toContain(message);
  });
});

test('has() says whether a field is there, whatever its type is', () => {
  const { evaluate } = compileExpression(
    'has(self.name) && !has(self.size)',
    { self: objectOf({ name: scalar('string'), size: scalar('int') }) },
    'bool',
  );
  const outcome = evaluate({ self: new Map([['name', 'x']]) }, budget());
  expect(outcome).toEqual({ kind: 'value', value: true });
});

test('loops in loops are looked at once each, however deep', () => {
  // Twice each would take longer than there is time.
  for (const loop of ['all', 'exists', 'map']) {
    const nested = `${`[1].${loop}(x, `.repeat(60)}true${')'.repeat(60)}`;
    expect(compileExpression(nested, {}).reads.size).toBeGreaterThan(0);
  }
});

describe('no expression takes more steps than it is given', () => {
  const numbers = Array.from({ length: 5_000 }, (_, i) => BigInt(i));
  const long = 'a'.repeat(200_000);
  it.each<[string, CelInput]>([
    ['self.all(x, self.all(y, self.all(z, x + y + z >= 0)))', numbers],
    ['self.exists(x, self.exists(y, x + y < 0)) || true', numbers],
    ['self.map(x, self.map(y, self.map(z, z))).size() > 0', numbers],
    ['self.all(x, self == self)', numbers],
    ['[1, 2, 3, 4, 5, 6, 7, 8, 9].all(x, self.matches("^(a+)+$"))', long],
    [
      `self.replace("a", "${'b'.repeat(40)}").replace("b", "${'c'.repeat(40)}").replace("c", "${'d'.repeat(40)}") == ""`,
      long,
    ],
    [`self.contains(self.substring(100000) + "b")`, long],
    ['self.split("").map(x, self).join("") == ""', long],
  ])('%s', (text, self) => {
    expect(run(text, self)).toEqual({
      kind: 'failed',
      message: 'the expression needs more steps than a request has',
    });
  });

  it('and a list that is twice as long takes twice as many', () => {
    const { evaluate } = compileExpression('self.map(x, x + 1).filter(x, x > 0).size() > 0', { self: dyn });
    const spent = (count: number): number => {
      const left = budget();
      expect(evaluate({ self: numbers.slice(0, count) }, left)).toEqual({ kind: 'value', value: true });
      return requestBudget - left.left;
    };
    expect(spent(4_000) / spent(2_000)).toBeCloseTo(2, 1);
  });
});

test('whatever is written is compiled or refused with a reason, and evaluates or fails with one', () => {
  const words = [
    'self',
    '.a',
    '[0]',
    ' + ',
    ' == ',
    '1',
    '"x"',
    '(',
    ')',
    '.all(x, ',
    ', ',
    ' ? ',
    ' : ',
    'has(',
    '!',
    '.map(y, ',
    '[',
    ']',
    '{',
    '}',
    '.matches(',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...words), { maxLength: 20 }),
      fc.jsonValue({ maxDepth: 2 }),
      (parts, value) => {
        try {
          const outcome = compileExpression(parts.join(''), { self: dyn }).evaluate(
            { self: value as CelInput },
            budget(),
          );
          expect(['value', 'failed']).toContain(outcome.kind);
        } catch (error) {
          expect(error).toBeInstanceOf(CelProblem);
        }
      },
    ),
    { numRuns: 500 },
  );
});
