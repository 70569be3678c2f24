// Everything that runs by the clock.
import type { Schedule } from '@drover/api';
import { schedules as scheduleKind } from '@drover/client/kinds';
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { ScheduleMenu } from './schedule-actions.tsx';
import { commandOf, PhaseLabel, ScheduleStateLabel, scheduleState } from './schedule-state.tsx';

const nameOf = ({ metadata }: Schedule): string => metadata.name ?? '';
const keyOf = ({ metadata }: Schedule): string => `${metadata.namespace}/${metadata.name}`;
const whenOf = ({ spec }: Schedule): string => `${spec.schedule} (${spec.timeZone})`;

const useColumns = (): readonly Column<Schedule>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      width: '10rem',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (one) => (
        <Link to={paths.schedule(one.metadata.namespace ?? '', nameOf(one))}>{nameOf(one)}</Link>
      ),
    },
    {
      key: 'namespace',
      width: '9.5rem',
      title: t('ui.namespace'),
      sortBy: ({ metadata }) => metadata.namespace ?? '',
      show: ({ metadata }) => metadata.namespace,
    },
    {
      key: 'state',
      width: '8rem',
      title: t('ui.status'),
      sortBy: scheduleState,
      show: (one) => <ScheduleStateLabel schedule={one} />,
    },
    { key: 'when', title: t('schedules.when'), sortBy: whenOf, show: whenOf },
    {
      key: 'next',
      title: t('schedules.next'),
      sortBy: ({ status }) => status?.nextScheduleTime ?? '',
      show: ({ status }) => <Age at={status?.nextScheduleTime} />,
    },
    {
      key: 'last',
      title: t('schedules.last'),
      sortBy: ({ status }) => status?.lastScheduleTime ?? '',
      show: ({ status }) => <Age at={status?.lastScheduleTime} />,
    },
    {
      key: 'result',
      width: '9.5rem',
      title: t('schedules.lastResult'),
      sortBy: ({ status }) => status?.lastRun?.phase ?? '',
      show: ({ status }) =>
        status?.lastRun === undefined ? null : <PhaseLabel phase={status.lastRun.phase} />,
    },
    { key: 'command', width: '10rem', title: t('schedules.command'), sortBy: commandOf, show: commandOf },
    { key: 'actions', title: t('ui.actions'), show: (one) => <ScheduleMenu schedule={one} /> },
  ];
};

const List = ({ rows }: { readonly rows: readonly Schedule[] }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const [filter, setFilter] = useParameter('q');
  if (rows.length === 0) return <Nothing title={t('schedules.empty')}>{t('schedules.emptyBody')}</Nothing>;
  const found = rows.filter((one) =>
    matches(filter, [keyOf(one), whenOf(one), commandOf(one), t(`schedules.state.${scheduleState(one)}`)]),
  );
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('schedules.filterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}>{t('ui.rows', { count: found.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={() => setFilter('')} />
      ) : (
        <DataTable label={t('schedules.list')} columns={columns} rows={found} keyOf={keyOf} />
      )}
    </>
  );
};

export const Schedules = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { items, state, error, retry } = useLive(scheduleKind);
  const able = useCan(can.any('create', scheduleKind, 'default'));
  const body = (): React.ReactNode => {
    if (state === 'loading') return <Loading />;
    return state === 'failed' ? <Problem error={error} onRetry={retry} /> : <List rows={items} />;
  };
  return (
    <>
      <PageHead
        title={t('shell.pages.schedules')}
        actions={
          <ActionButton able={able} variant="primary" onClick={() => void navigate(paths.newSchedule())}>
            {t('shell.pages.newSchedule')}
          </ActionButton>
        }
      />
      <PageSection hasBodyWrapper={false} isFilled>
        {body()}
      </PageSection>
    </>
  );
};
