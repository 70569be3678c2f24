// The rules of roles in words.
import type { PolicyRule } from '@drover/api';
import { List, ListItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';

const has = (list: readonly string[] | undefined, word: string): boolean => (list ?? []).includes(word);

export const useRuleWords = (): ((rule: PolicyRule) => string) => {
  const { t } = useTranslation();
  const verbsOf = ({ verbs }: PolicyRule): string =>
    has(verbs, '*') ? t('access.rule.anything') : verbs.join(', ');
  const groupOf = ({ apiGroups = [] }: PolicyRule): string => {
    if (has(apiGroups, '*')) return t('access.rule.everyGroup');
    return apiGroups.map((group) => group || t('access.rule.core')).join(', ');
  };
  return (rule) => {
    const verbs = verbsOf(rule);
    const { resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if (nonResourceURLs.length > 0)
      return t('access.rule.paths', { verbs, paths: nonResourceURLs.join(', ') });
    const what = has(resources, '*') ? t('access.rule.everyKind') : resources.join(', ');
    const words = t('access.rule.resources', { verbs, what, group: groupOf(rule) });
    return resourceNames.length === 0
      ? words
      : t('access.rule.named', { words, names: resourceNames.join(', ') });
  };
};

export const RuleWords = ({ rules }: { readonly rules: readonly PolicyRule[] }) => {
  const { t } = useTranslation();
  const words = useRuleWords();
  if (rules.length === 0) return <>{t('access.rule.none')}</>;
  return (
    <List>
      {rules.map((rule) => (
        <ListItem key={JSON.stringify(rule)}>{words(rule)}</ListItem>
      ))}
    </List>
  );
};
