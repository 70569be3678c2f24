// Owns what a rule of a role allows and what it covers (pure), as Kubernetes' rbac/v1 evaluation helpers decide.
// I1: "*" means all only where a whole word may stand: verbs, groups, resources, a path's last character; "*/status"
//     is status of every resource. A name is never a pattern.
import { ApiError } from '../errors.ts';
import type { PolicyRule } from '../kinds/policy-rule.ts';

/** A request as rules see it. `resource` holds the subresource: nodes/status. */
export type Wish =
  | {
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      /** '' where the request names no object. */
      readonly name: string;
    }
  | { readonly verb: string; readonly path: string };

const has = (list: readonly string[] | undefined, word: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(word));

/** '*' + '/status' of 'nodes/status'; undefined without a subresource. */
const starOf = (resource: string): string | undefined => {
  const slash = resource.indexOf('/');
  return slash < 0 ? undefined : `*${resource.slice(slash)}`;
};

const hasResource = (list: readonly string[] | undefined, resource: string): boolean => {
  if (list === undefined) return false;
  const star = starOf(resource);
  return has(list, resource) || (star !== undefined && list.includes(star));
};

const hasName = (list: readonly string[] | undefined, name: string): boolean =>
  list === undefined || list.length === 0 || list.includes(name);

const hasPath = (list: readonly string[] | undefined, path: string): boolean =>
  list?.some((one) => one === path || (one.endsWith('*') && path.startsWith(one.slice(0, -1)))) ?? false;

/** Whether the rule allows what is wished. */
export const allows = (rule: PolicyRule, wish: Wish): boolean => {
  if (!has(rule.verbs, wish.verb)) return false;
  if ('path' in wish) return hasPath(rule.nonResourceURLs, wish.path);
  return (
    has(rule.apiGroups, wish.group) &&
    hasResource(rule.resources, wish.resource) &&
    hasName(rule.resourceNames, wish.name)
  );
};

/** A permission of one verb on one resource, perhaps of one name - or of one verb on one path. */
type Part = PolicyRule;

const namesOf = ({ resourceNames = [] }: PolicyRule): readonly (string | undefined)[] =>
  resourceNames.length === 0 ? [undefined] : resourceNames;

/** The rule as parts. Lists multiply: who iterates, bounds. */
function* breakDown(rule: PolicyRule): Generator<Part> {
  for (const verb of rule.verbs) {
    const verbs = [verb];
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        for (const name of namesOf(rule)) {
          const part = { verbs, apiGroups: [group], resources: [resource] };
          yield name === undefined ? part : { ...part, resourceNames: [name] };
        }
    for (const path of rule.nonResourceURLs ?? []) yield { verbs, nonResourceURLs: [path] };
  }
}

const every = (list: readonly string[] | undefined, test: (word: string) => boolean): boolean =>
  (list ?? []).every(test);

/** Whether one rule alone covers all of another: what is mostly so, and found without breaking it down. */
const covers = (held: PolicyRule, wanted: PolicyRule): boolean => {
  const names = held.resourceNames ?? [];
  const wantedNames = wanted.resourceNames ?? [];
  return (
    every(wanted.verbs, (verb) => has(held.verbs, verb)) &&
    every(wanted.apiGroups, (group) => has(held.apiGroups, group)) &&
    every(wanted.resources, (resource) => hasResource(held.resources, resource)) &&
    every(wanted.nonResourceURLs, (path) => hasPath(held.nonResourceURLs, path)) &&
    (names.length === 0 || (wantedNames.length > 0 && wantedNames.every((name) => names.includes(name))))
  );
};

const maxParts = 100_000;
const maxLacking = 100;

/**
 * The parts of `wanted` that nothing in `held` covers, the first hundred of them; empty: all is held.
 * @throws ApiError Invalid when the rules spell out too many permissions to look at each.
 */
export const notCovered = (
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] => {
  const lacking: Part[] = [];
  let count = 0;
  for (const rule of wanted.filter((one) => !held.some((other) => covers(other, one)))) {
    for (const part of breakDown(rule)) {
      if (++count > maxParts)
        throw new ApiError(
          'Invalid',
          `cannot compare the rules with yours: they spell out more than ${maxParts} permissions; make several roles`,
        );
      if (!held.some((other) => covers(other, part))) lacking.push(part);
      if (lacking.length === maxLacking) return lacking;
    }
  }
  return lacking;
};
