// Owns which requests a policy is about: rules, selectors and names, as Kubernetes reads them. Pure.
// I1: the policies themselves are never matched, so that no policy can keep people from taking it away.
import type { MatchResources, NamedRule } from '../kinds/match-resources.ts';
import type { LabelSelector } from '../meta.ts';
import { type LabelMatcher, toLabelMatcher } from '../selectors/label-selector.ts';

export type PolicyOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What somebody does to which kind of object. */
export interface PolicyTarget {
  readonly group: string;
  readonly version: string;
  /** All versions of the kind that are served. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly subresource: string;
  readonly operation: PolicyOperation;
}

/** Which object: namespace '' for one in none; that of a namespace is its own name, as in Kubernetes. */
export interface PolicyObjectName {
  readonly namespace: string;
  readonly name: string;
}

const exempt = new Set([
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

/** I1. */
export const isExempt = ({ group, plural }: Pick<PolicyTarget, 'group' | 'plural'>): boolean =>
  group === 'admissionregistration.k8s.io' && exempt.has(plural);

const has = (words: readonly string[] | undefined, word: string): boolean =>
  words?.some((one) => one === '*' || one === word) === true;

const hasResource = (words: readonly string[] | undefined, { plural, subresource }: PolicyTarget): boolean =>
  words?.some((one) => {
    const [resource = '', sub = ''] = one.split('/', 2);
    return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource);
  }) === true;

/** Without scope and names. */
const isAbout = (rule: NamedRule, version: string, target: PolicyTarget): boolean =>
  has(rule.operations, target.operation) &&
  has(rule.apiGroups, target.group) &&
  has(rule.apiVersions, version) &&
  hasResource(rule.resources, target);

const isInScope = (rule: NamedRule, target: PolicyTarget, { namespace }: PolicyObjectName): boolean => {
  const isNamespace = target.group === '' && target.plural === 'namespaces';
  const isClustered = isNamespace || namespace === '';
  return rule.scope === undefined || rule.scope === '*' || (rule.scope === 'Cluster') === isClustered;
};

const isNamed = ({ resourceNames = [] }: NamedRule, { name }: PolicyObjectName): boolean =>
  resourceNames.length === 0 || resourceNames.includes(name);

/** Versions in which rules may match, that of the request first. */
const versionsOf = (
  { matchPolicy }: MatchResources,
  { version, versions }: PolicyTarget,
): readonly string[] =>
  matchPolicy === 'Exact' ? [version] : [version, ...versions.filter((one) => one !== version)];

/** Whether a request like this may match at all; cheap, and to be remembered. */
export const mayMatch = (match: MatchResources, target: PolicyTarget): boolean => {
  const { resourceRules = [] } = match;
  return (
    !isExempt(target) &&
    (resourceRules.length === 0 ||
      versionsOf(match, target).some((version) =>
        resourceRules.some((rule) => isAbout(rule, version, target)),
      ))
  );
};

/** The version of the kind in which the rules match this request; undefined when they do not. */
export const matchRules = (
  match: MatchResources,
  target: PolicyTarget,
  name: PolicyObjectName,
): string | undefined => {
  if (isExempt(target)) return undefined;
  const versions = versionsOf(match, target);
  const find = (rules: readonly NamedRule[]): string | undefined =>
    versions.find((version) =>
      rules.some(
        (rule) => isAbout(rule, version, target) && isInScope(rule, target, name) && isNamed(rule, name),
      ),
    );
  const { resourceRules = [], excludeResourceRules = [] } = match;
  if (find(excludeResourceRules) !== undefined) return undefined;
  return resourceRules.length === 0 ? target.version : find(resourceRules);
};

type Labels = Readonly<Record<string, string>>;

/** Selectors of objects that never change are read once. */
const matchers = new WeakMap<LabelSelector, LabelMatcher>();

const matcherOf = (selector: LabelSelector): LabelMatcher => {
  const matcher = matchers.get(selector) ?? toLabelMatcher(selector);
  matchers.set(selector, matcher);
  return matcher;
};

const isEmpty = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;

export interface PolicyLabels {
  /** Of the namespace that the object is in, or is; undefined for an object in none. */
  readonly namespace: Labels | undefined;
  /** Of the object, as it will be and as it was: those that there are. */
  readonly objects: readonly (Labels | undefined)[];
}

/** Whether namespace and object have the labels that are asked for. */
export const matchLabels = (match: MatchResources, { namespace, objects }: PolicyLabels): boolean => {
  const { namespaceSelector, objectSelector } = match;
  if (namespaceSelector !== undefined && namespace !== undefined && !matcherOf(namespaceSelector)(namespace))
    return false;
  if (objectSelector === undefined || isEmpty(objectSelector)) return true;
  return objects.some(matcherOf(objectSelector));
};
