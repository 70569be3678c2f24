// The runs of a schedule, newest first.
import type { CommandRun, Schedule } from '@drover/api';
import { scheduleLabel } from '@drover/api/schedule-run';
import { commandRuns } from '@drover/client/kinds';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { PhaseLabel } from './schedule-state.tsx';

const createdOf = ({ metadata }: CommandRun): string => metadata.creationTimestamp ?? '';

export const ScheduleRuns = ({ schedule: { metadata } }: { readonly schedule: Schedule }) => {
  const { t } = useTranslation();
  const { namespace, name = '' } = metadata;
  const labelSelector = `${scheduleLabel}=${name}`;
  const { items, state, error, retry } = useLive(commandRuns, { namespace, labelSelector });
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (items.length === 0) return <Nothing title={t('schedules.noRuns')} />;
  const columns: readonly Column<CommandRun>[] = [
    {
      key: 'name',
      title: t('schedules.run'),
      sortBy: (run) => run.metadata.name ?? '',
      show: (run) => (
        <Link to={paths.run(namespace ?? '', run.metadata.name ?? '')}>{run.metadata.name}</Link>
      ),
    },
    {
      key: 'phase',
      title: t('ui.status'),
      sortBy: ({ status }) => status?.phase ?? '',
      show: ({ status }) => <PhaseLabel phase={status?.phase ?? 'Pending'} />,
    },
    {
      key: 'created',
      title: t('ui.created'),
      sortBy: createdOf,
      show: (run) => <Age at={createdOf(run)} />,
    },
    {
      key: 'ended',
      title: t('schedules.ended'),
      sortBy: ({ status }) => status?.completionTime ?? '',
      show: ({ status }) => <Age at={status?.completionTime} />,
    },
    { key: 'by', title: t('schedules.by'), show: ({ spec }) => spec.requester?.username },
  ];
  const rows = [...items].sort((a, b) => (createdOf(a) < createdOf(b) ? 1 : -1));
  return (
    <DataTable
      label={t('schedules.tabs.runs')}
      columns={columns}
      rows={rows}
      keyOf={(run) => run.metadata.name ?? ''}
    />
  );
};
