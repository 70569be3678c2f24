// Events as rows, newest first.
import type { Event } from '@drover/api';
import { Label } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';

export const timeOf = ({ lastTimestamp, eventTime, metadata }: Event): string =>
  lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';

export const EventTable = ({ events }: { readonly events: readonly Event[] }) => {
  const { t } = useTranslation();
  const columns: readonly Column<Event>[] = [
    { key: 'time', title: t('events.when'), sortBy: timeOf, show: (event) => <Age at={timeOf(event)} /> },
    {
      key: 'type',
      title: t('events.type'),
      sortBy: ({ type }) => type ?? '',
      show: ({ type }) => (
        <Label isCompact {...(type === 'Warning' ? { status: 'warning' } : {})}>
          {type}
        </Label>
      ),
    },
    {
      key: 'object',
      title: t('events.object'),
      sortBy: ({ involvedObject }) => `${involvedObject.kind} ${involvedObject.name}`,
      show: ({ involvedObject }) => `${involvedObject.kind} ${involvedObject.name}`,
    },
    {
      key: 'reason',
      title: t('events.reason'),
      sortBy: ({ reason }) => reason ?? '',
      show: ({ reason }) => reason,
    },
    { key: 'message', title: t('events.message'), show: ({ message }) => message },
    {
      key: 'count',
      title: t('events.count'),
      sortBy: ({ count }) => count ?? 1,
      show: ({ count }) => count ?? 1,
    },
  ];
  const newestFirst = [...events].sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
  return (
    <DataTable
      label={t('events.list')}
      columns={columns}
      rows={newestFirst}
      keyOf={({ metadata }) => `${metadata.namespace}/${metadata.name}`}
    />
  );
};
