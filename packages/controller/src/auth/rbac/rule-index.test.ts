import { allows, notCovered, type PolicyRule, type Wish } from '@drover/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRuleIndex } from './rule-index.ts';

const subset = (...words: readonly string[]) => fc.subarray([...words]);
const groups = ['', 'drover.dev'];
const resources = ['nodes', 'nodes/status', 'pods', 'pods/status', 'pods/log'];
const verbs = ['get', 'list', 'patch'];
const names = ['', 'a', 'b'];
const paths = ['/healthz', '/healthz/etcd', '/metrics'];

const onResources = fc.record({
  verbs: subset(...verbs, '*'),
  apiGroups: subset(...groups, '*'),
  resources: subset(...resources, '*', '*/status', '*/log'),
  resourceNames: fc.oneof(
    { weight: 2, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: subset('a', 'b') },
  ),
});
const onPaths = fc.record({
  verbs: subset(...verbs, '*'),
  nonResourceURLs: subset(...paths, '*', '/healthz*', '/healthz/*'),
});
const rule: fc.Arbitrary<PolicyRule> = fc.oneof(onResources, onPaths);
const rules = fc.array(rule, { maxLength: 4 });

const wishes: readonly Wish[] = [
  ...verbs.flatMap((verb) =>
    groups.flatMap((group) =>
      resources.flatMap((resource) => names.map((name) => ({ verb, group, resource, name }))),
    ),
  ),
  ...verbs.flatMap((verb) => paths.map((path) => ({ verb, path }))),
];

/** A list as the set of all words that it stands for. */
const spelled = (
  list: readonly string[],
  words: readonly string[],
  fits: (p: string, w: string) => boolean,
) => new Set(words.filter((word) => list.some((pattern) => fits(pattern, word))));

/** Says what Kubernetes' documents say, word for word and slowly: every list is spelled out first. */
const oracle = (one: PolicyRule, wish: Wish): boolean => {
  const plain = (p: string, w: string): boolean => p === '*' || p === w;
  if (!spelled(one.verbs, verbs, plain).has(wish.verb)) return false;
  if ('path' in wish) {
    const prefix = (p: string, w: string): boolean =>
      p.endsWith('*') ? w.slice(0, p.length - 1) === p.slice(0, -1) : p === w;
    return spelled(one.nonResourceURLs ?? [], paths, prefix).has(wish.path);
  }
  const resource = (p: string, w: string): boolean => {
    const [wantedKind, wantedSub] = p.split('/');
    const [kind, sub] = w.split('/');
    if (p === '*') return true;
    return (wantedKind === kind || (wantedKind === '*' && sub !== undefined)) && wantedSub === sub;
  };
  const named = one.resourceNames ?? [];
  return (
    spelled(one.apiGroups ?? [], groups, plain).has(wish.group) &&
    spelled(one.resources ?? [], resources, resource).has(wish.resource) &&
    (named.length === 0 || named.some((name) => name === wish.name))
  );
};

test('a rule allows what a slow reading of the documents says, and nothing else', () => {
  fc.assert(
    fc.property(rule, (one) => {
      for (const wish of wishes) expect([wish, allows(one, wish)]).toEqual([wish, oracle(one, wish)]);
    }),
    { numRuns: 300 },
  );
});

test('the index answers as all rules one after another do', () => {
  fc.assert(
    fc.property(rules, (all) => {
      const index = createRuleIndex(all);
      for (const wish of wishes)
        expect([wish, index.allows(wish)]).toEqual([wish, all.some((one) => oracle(one, wish))]);
    }),
    { numRuns: 200 },
  );
});

test('who holds all parts of a rule may all that the rule allows', () => {
  fc.assert(
    fc.property(rules, rules, (held, wanted) => {
      if (notCovered(held, wanted).length > 0) return;
      for (const wish of wishes)
        if (wanted.some((one) => oracle(one, wish)))
          expect([wish, held.some((one) => oracle(one, wish))]).toEqual([wish, true]);
    }),
    { numRuns: 1_000 },
  );
});

test('what is held covers itself, and everything covers all', () => {
  const everything: PolicyRule[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ];
  fc.assert(
    fc.property(rules, (all) => {
      expect(notCovered(all, all)).toEqual([]);
      expect(notCovered(everything, all)).toEqual([]);
    }),
  );
});

test('a right to one name does not cover a right to all names', () => {
  const one: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] };
  const { resourceNames: _names, ...all } = one;
  expect(notCovered([one], [all])).toEqual([all]);
  expect(notCovered([all], [one])).toEqual([]);
});
