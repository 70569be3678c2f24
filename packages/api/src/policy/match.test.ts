import { describe, expect, it, test } from 'vitest';
import type { MatchResources, NamedRule } from '../kinds/match-resources.ts';
import { matchLabels, matchRules, mayMatch, type PolicyTarget } from './match.ts';

const target = (words: string): PolicyTarget => {
  const [operation = '', resource = '', group = '', version = 'v1'] = words.split(' ');
  const [plural = '', subresource = ''] = resource.split('/');
  return {
    group: group === 'core' ? '' : group,
    version,
    versions: ['v1', 'v1beta1'],
    plural,
    subresource,
    operation: operation as PolicyTarget['operation'], // as written below
  };
};
const rule = (resources: readonly string[], more: Partial<NamedRule> = {}): NamedRule => ({
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['*'],
  resources: [...resources],
  ...more,
});
const matches = (match: MatchResources, words: string, namespace = 'default', name = 'x'): boolean =>
  matchRules(match, target(words), { namespace, name }) !== undefined;

describe('a rule', () => {
  it.each<[readonly string[], Partial<NamedRule>, string, boolean]>([
    [['pods'], {}, 'CREATE pods core', true],
    [['pods'], {}, 'CREATE pods/status core', false],
    [['pods/status'], {}, 'UPDATE pods/status core', true],
    [['pods/status'], {}, 'UPDATE pods core', false],
    [['pods/*'], {}, 'UPDATE pods/log core', true],
    [['pods/*'], {}, 'UPDATE pods core', true],
    [['*/status'], {}, 'UPDATE nodes/status core', true],
    [['*/status'], {}, 'UPDATE nodes core', false],
    [['*'], {}, 'UPDATE nodes core', true],
    [['*'], {}, 'UPDATE nodes/status core', false],
    [['*/*'], {}, 'UPDATE nodes core', true],
    [['*/*'], {}, 'UPDATE nodes/status core', true],
    [['pods'], { apiGroups: ['apps'] }, 'CREATE pods core', false],
    [['pods'], { apiGroups: ['*'] }, 'CREATE pods apps', true],
    [['pods'], { operations: ['UPDATE', 'DELETE'] }, 'CREATE pods core', false],
    [['pods'], { operations: ['UPDATE', 'DELETE'] }, 'DELETE pods core', true],
    [['pods'], { apiVersions: ['v2'] }, 'CREATE pods core', false],
    [['pods'], { apiVersions: ['*'] }, 'CREATE pods core v9', true],
    [['pods'], { scope: 'Cluster' }, 'CREATE pods core', false],
    [['pods'], { scope: 'Namespaced' }, 'CREATE pods core', true],
    [['pods'], { scope: '*' }, 'CREATE pods core', true],
    [['namespaces'], { scope: 'Namespaced' }, 'CREATE namespaces core', false],
    [['namespaces'], { scope: 'Cluster' }, 'CREATE namespaces core', true],
    [['pods'], { resourceNames: ['x', 'y'] }, 'CREATE pods core', true],
    [['pods'], { resourceNames: ['y'] }, 'CREATE pods core', false],
  ])('of %j %j and "%s": %s', (resources, more, words, expected) => {
    const match = { resourceRules: [rule(resources, more)] };
    expect(matches(match, words)).toBe(expected);
    // What is remembered for a kind must let through whatever matches.
    if (expected) expect(mayMatch(match, target(words))).toBe(true);
  });
});

test('objects in no namespace are of scope Cluster', () => {
  expect(matches({ resourceRules: [rule(['nodes'], { scope: 'Cluster' })] }, 'CREATE nodes core', '')).toBe(
    true,
  );
  expect(
    matches({ resourceRules: [rule(['nodes'], { scope: 'Namespaced' })] }, 'CREATE nodes core', ''),
  ).toBe(false);
});

test('what is excluded does not match, and without rules everything does', () => {
  const but = { resourceRules: [rule(['*'])], excludeResourceRules: [rule(['pods'])] };
  expect(matches(but, 'CREATE pods core')).toBe(false);
  expect(matches(but, 'CREATE nodes core')).toBe(true);
  expect(matches({}, 'CREATE nodes core')).toBe(true);
});

test('a rule for one version matches the others, unless it says Exact', () => {
  const resourceRules = [rule(['pods'], { apiVersions: ['v1'] })];
  const at = { namespace: 'default', name: 'x' };
  expect(matchRules({ resourceRules }, target('CREATE pods core v1beta1'), at)).toBe('v1');
  expect(
    matchRules({ resourceRules, matchPolicy: 'Exact' }, target('CREATE pods core v1beta1'), at),
  ).toBeUndefined();
  const excludeResourceRules = [rule(['pods'], { apiVersions: ['v1beta1'] })];
  expect(
    matchRules({ resourceRules, excludeResourceRules }, target('CREATE pods core v1'), at),
  ).toBeUndefined();
});

test('policies, bindings and webhooks are matched by nothing', () => {
  const all = { resourceRules: [rule(['*/*'], { apiGroups: ['*'], apiVersions: ['*'] })] };
  for (const plural of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']) {
    expect(matches(all, `DELETE ${plural} admissionregistration.k8s.io`, '')).toBe(false);
    expect(mayMatch(all, target(`DELETE ${plural} admissionregistration.k8s.io`))).toBe(false);
  }
});

describe('selectors', () => {
  const wanted = { matchLabels: { a: 'b' } };

  it.each([
    ['a namespace that has the labels', { a: 'b' }, true],
    ['a namespace that has others', { a: 'c' }, false],
    ['no namespace', undefined, true],
  ])('match %s', (_what, namespace, expected) => {
    expect(matchLabels({ namespaceSelector: wanted }, { namespace, objects: [undefined] })).toBe(expected);
  });

  it.each([
    ['an object that has the labels', [{ a: 'b' }], true],
    ['an object that had them', [{}, { a: 'b' }], true],
    ['an object without labels', [undefined], false],
  ])('match %s', (_what, objects, expected) => {
    expect(matchLabels({ objectSelector: wanted }, { namespace: {}, objects })).toBe(expected);
  });

  it('match everything when they are empty', () => {
    const empty = { namespaceSelector: {}, objectSelector: {} };
    expect(matchLabels(empty, { namespace: {}, objects: [undefined] })).toBe(true);
  });
});
