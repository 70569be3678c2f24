// Everything that runs by the clock.
import type { Schedule } from '@drover/api';
import { schedules as scheduleKind } from '@drover/client/kinds';
import { PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
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

export const Schedules = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { items, ...live } = useLive(scheduleKind);
  const able = useCan(can.any('create', scheduleKind, 'default'));
  const columns = useColumns();
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
        <ListView
          {...live}
          label={t('schedules.list')}
          columns={columns}
          rows={items}
          keyOf={keyOf}
          filterLabel={t('schedules.filterLabel')}
          textsOf={(one) => [
            keyOf(one),
            whenOf(one),
            commandOf(one),
            t(`schedules.state.${scheduleState(one)}`),
          ]}
          emptyTitle={t('schedules.empty')}
          emptyBody={t('schedules.emptyBody')}
        />
      </PageSection>
    </>
  );
};
