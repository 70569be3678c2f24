// Owns what a ClusterRole with an aggregation rule contains (pure).
// I1: the rules are those of every other role that one of its selectors selects, by name of the role, each once.
// I2: an empty selector selects nothing here, and a role never gathers itself.
import { type ClusterRole, isEqualJson, type LabelSelector, type PolicyRule } from '@drover/api';

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

const fits = (
  labels: Readonly<Record<string, string>>,
  { key, operator, values = [] }: Expression,
): boolean => {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
};

const selects = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector, role: ClusterRole): boolean => {
  const labels = role.metadata.labels ?? {};
  const wanted = Object.entries(matchLabels);
  if (wanted.length + matchExpressions.length === 0) return false;
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((one) => fits(labels, one))
  );
};

const nameOf = ({ metadata }: ClusterRole): string => metadata.name ?? '';

/** The rules that `role` should have; undefined when it gathers nothing and keeps its own. */
export const gatheredRules = (
  role: ClusterRole,
  all: readonly ClusterRole[],
): readonly PolicyRule[] | undefined => {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (role.aggregationRule === undefined) return undefined;
  const found = all
    .filter((one) => nameOf(one) !== nameOf(role) && selectors?.some((selector) => selects(selector, one)))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const rule of found.flatMap((one) => one.rules ?? []))
    if (!rules.some((known) => isEqualJson(known, rule))) rules.push(rule);
  return rules;
};
