// What policies mean, in words: one line for each thing that they say.
import type { RunPolicy, ValidatingAdmissionPolicy } from '@drover/api';
import { useTranslation } from 'react-i18next';
import { titleOf } from './model.ts';

type Selector = NonNullable<RunPolicy['spec']['nodes']>;

const selectorText = ({ matchLabels = {}, matchExpressions = [] }: Selector): string =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) =>
      `${key} ${operator} ${values.join(' ')}`.trim(),
    ),
  ].join(', ');

const shown = 5;

const shortened = (list: readonly string[]): string =>
  list.length > shown ? `${list.slice(0, shown).join(', ')} … (${list.length})` : list.join(', ');

export const useRunPolicyWords = (): ((policy: RunPolicy) => readonly string[]) => {
  const { t } = useTranslation();
  const allowLines = ({ allow }: RunPolicy['spec']): readonly string[] => {
    if (allow === undefined) return [];
    const { commands, users, paths, windows, shell } = allow;
    return [
      commands === undefined
        ? t('access.policies.anyCommand')
        : t('access.policies.commands', { list: shortened(commands.map((argv) => argv.join(' '))) }),
      ...(users === undefined ? [] : [t('access.policies.users', { list: shortened(users) })]),
      ...(paths === undefined ? [] : [t('access.policies.paths', { list: shortened(paths) })]),
      ...(shell === undefined ? [] : [t(shell ? 'access.policies.shell' : 'access.policies.noShell')]),
      ...(windows ?? []).map(({ days, from, to, timeZone }) =>
        t('access.policies.window', {
          days: days?.join(', ') ?? t('access.policies.everyDay'),
          from,
          to,
          timeZone,
        }),
      ),
    ];
  };
  return ({ spec }) => {
    const who = spec.subjects?.map(titleOf).join(', ') ?? t('access.policies.everybody');
    const nodes = selectorText(spec.nodes ?? {}) || t('access.policies.allNodes');
    return [
      ...(spec.description === undefined ? [] : [spec.description]),
      t('access.policies.binds', { who, nodes }),
      ...allowLines(spec),
      ...((spec.rules ?? []).length === 0
        ? []
        : [t('access.policies.rules', { list: shortened((spec.rules ?? []).map(({ name }) => name)) })]),
    ];
  };
};

export const useAdmissionWords = (): ((policy: ValidatingAdmissionPolicy) => readonly string[]) => {
  const { t } = useTranslation();
  return ({ spec }) => {
    const rules = spec.matchConstraints?.resourceRules ?? [];
    return [
      ...rules.map(({ operations = [], resources = [] }) =>
        t('access.policies.about', { operations: operations.join(', '), resources: resources.join(', ') }),
      ),
      ...(spec.validations ?? []).map(({ expression, message }) =>
        message === undefined ? t('access.policies.must', { expression }) : message,
      ),
    ];
  };
};
