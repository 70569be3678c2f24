// How an object says that it is: its conditions, whatever its kind.
import type { KubeObject } from '@drover/api';
import { Label } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Age } from '../../../ui/age.tsx';
import { type Column, DataTable } from '../../../ui/data-table.tsx';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

const isCondition = (value: unknown): value is Condition =>
  typeof value === 'object' && value !== null && 'type' in value && 'status' in value;

/** What has the form of conditions; users' kinds may have anything there. */
export const conditionsOf = ({ status }: KubeObject): readonly Condition[] => {
  const { conditions } = (status ?? {}) as { readonly conditions?: unknown };
  return Array.isArray(conditions) ? conditions.filter(isCondition) : [];
};

export const Conditions = ({ conditions }: { readonly conditions: readonly Condition[] }) => {
  const { t } = useTranslation();
  const columns: readonly Column<Condition>[] = [
    { key: 'type', title: t('kinds.object.condition'), sortBy: ({ type }) => type, show: ({ type }) => type },
    {
      key: 'status',
      title: t('ui.status'),
      show: ({ status }) => <Label isCompact>{String(status)}</Label>,
    },
    {
      key: 'since',
      title: t('kinds.object.since'),
      show: ({ lastTransitionTime }) => <Age at={lastTransitionTime} />,
    },
    { key: 'reason', title: t('kinds.object.reason'), show: ({ reason }) => reason ?? '' },
    { key: 'message', title: t('kinds.object.message'), show: ({ message }) => message ?? '' },
  ];
  return (
    <DataTable
      label={t('kinds.object.conditions')}
      columns={columns}
      rows={conditions}
      keyOf={({ type }) => type}
    />
  );
};
