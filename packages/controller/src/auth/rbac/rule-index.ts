// Owns finding the rules that may allow a request without looking at all of them.
// I1: the index only narrows; whether a rule allows is decided by the matcher.
import { allows, type PolicyRule, type Wish } from '@drover/api';

export interface RuleIndex {
  readonly rules: readonly PolicyRule[];
  allows(wish: Wish): boolean;
}

const addTo = (map: Map<string, PolicyRule[]>, key: string, rule: PolicyRule): void => {
  const known = map.get(key);
  if (known === undefined) map.set(key, [rule]);
  else if (known.at(-1) !== rule) known.push(rule);
};

/** The words by which a rule about this resource may name it. */
const wordsFor = (resource: string): readonly string[] => {
  const slash = resource.indexOf('/');
  return slash < 0 ? [resource, '*'] : [resource, `*${resource.slice(slash)}`, '*'];
};

export const createRuleIndex = (rules: readonly PolicyRule[]): RuleIndex => {
  const resources = new Map<string, PolicyRule[]>();
  const paths: PolicyRule[] = [];
  for (const rule of rules) {
    for (const resource of rule.resources ?? []) addTo(resources, resource, rule);
    if ((rule.nonResourceURLs ?? []).length > 0) paths.push(rule);
  }
  return {
    rules,
    allows: (wish) => {
      if ('path' in wish) return paths.some((rule) => allows(rule, wish));
      return wordsFor(wish.resource).some(
        (word) => resources.get(word)?.some((rule) => allows(rule, wish)) ?? false,
      );
    },
  };
};
