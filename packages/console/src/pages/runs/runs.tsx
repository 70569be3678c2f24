// Every run: what, where, by whom, and how it stands.
import type { CommandRun } from '@drover/api';
import { commandRuns } from '@drover/client/kinds';
import { PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { nameOf, namespaceOf, phaseOf } from '../work/work.ts';
import { useInPhase, useWorkColumns, WorkList } from '../work/work-list.tsx';
import { PhaseLabel } from '../work/work-state.tsx';
import { commandOf } from './run.ts';

const useColumns = (): readonly Column<CommandRun>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      width: '11rem',
      show: (run) => <Link to={paths.run(namespaceOf(run), nameOf(run))}>{nameOf(run)}</Link>,
    },
    { key: 'phase', title: t('runs.phase'), sortBy: phaseOf, show: (run) => <PhaseLabel work={run} /> },
    {
      key: 'command',
      title: t('runs.command'),
      sortBy: commandOf,
      show: (run) => <code className="drover-code">{commandOf(run).slice(0, 120)}</code>,
    },
    ...useWorkColumns(),
  ];
};

const NewRun = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const able = useCan(can.runCommands('default'));
  return (
    <ActionButton able={able} onClick={() => void navigate(paths.newRun())}>
      {t('shell.pages.newRun')}
    </ActionButton>
  );
};

export const Runs = () => {
  const { t } = useTranslation();
  const live = useLive(commandRuns);
  const columns = useColumns();
  const inPhase = useInPhase();
  return (
    <>
      <PageHead title={t('shell.pages.runs')} actions={<NewRun />} />
      <PageSection hasBodyWrapper={false} isFilled>
        <WorkList
          {...live}
          label={t('runs.list')}
          columns={columns}
          textOf={commandOf}
          filterLabel={t('runs.filterLabel')}
          parameter="phase"
          filingsLabel={t('runs.phase')}
          filings={[inPhase('Succeeded'), inPhase('Failed'), inPhase('Cancelled')]}
          emptyTitle={t('runs.empty')}
          emptyBody={t('runs.emptyBody')}
          emptyActions={<NewRun />}
        />
      </PageSection>
    </>
  );
};
