// Every run: what, where, by whom, and how it stands.
import type { CommandRun } from '@drover/api';
import { commandRuns } from '@drover/client/kinds';
import {
  Checkbox,
  PageSection,
  ToggleGroup,
  ToggleGroupItem,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
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
import { progressOf } from '../work/task-state.ts';
import { isOfPage, isOver, nameOf, namespaceOf, phaseOf, targetsOf } from '../work/work.ts';
import { CountsBar, PhaseLabel } from '../work/work-state.tsx';
import { commandOf } from './run.ts';

const makerOf = ({ spec }: CommandRun): string => spec.requester?.username ?? '';
const madeAt = ({ metadata }: CommandRun): string => metadata.creationTimestamp ?? '';

const textsOf = (run: CommandRun): readonly string[] => {
  const { nodes, labels } = targetsOf(run);
  return [nameOf(run), commandOf(run), makerOf(run), nodes, labels];
};

/** What a phase is filed under. */
const filters = ['active', 'Succeeded', 'Failed', 'Cancelled'] as const;
const isIn = (filter: string, run: CommandRun): boolean =>
  filter === '' || (filter === 'active' ? !isOver(run) : phaseOf(run) === filter);

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
    {
      key: 'progress',
      title: t('runs.progress'),
      sortBy: ({ status }) => progressOf(status?.counts).total,
      show: (run) => <CountsBar work={run} />,
      width: '11rem',
    },
    {
      key: 'by',
      title: t('runs.by'),
      sortBy: makerOf,
      show: (run) => <span style={{ overflowWrap: 'anywhere' }}>{makerOf(run)}</span>,
      width: '10rem',
    },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: madeAt,
      show: (run) => <Age at={madeAt(run)} />,
      width: '8rem',
    },
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

const List = ({ rows }: { readonly rows: readonly CommandRun[] }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const [filter, setFilter] = useParameter('q');
  const [phase, setPhase] = useParameter('phase');
  const [all, setAll] = useParameter('all');
  const meant = rows.filter((run) => all !== '' || !isOfPage(run));
  const found = meant
    .filter((run) => isIn(phase, run) && matches(filter, textsOf(run)))
    .sort((a, b) => (madeAt(a) < madeAt(b) ? 1 : -1));
  const clear = phase === '' ? () => setFilter('') : () => setPhase('');
  const isNarrowed = filter !== '' || phase !== '';
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('runs.filterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem>
            <ToggleGroup aria-label={t('runs.phase')} isCompact style={{ flexWrap: 'wrap' }}>
              {filters.map((name) => (
                <ToggleGroupItem
                  key={name}
                  text={name === 'active' ? t('runs.active') : t(`runs.phases.${name}`)}
                  buttonId={`phase-${name}`}
                  isSelected={phase === name}
                  onChange={(_event, isSelected) => setPhase(isSelected ? name : '')}
                />
              ))}
            </ToggleGroup>
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <Checkbox
              id="show-all"
              label={t('runs.showAll')}
              isChecked={all !== ''}
              onChange={(_event, is) => setAll(is ? '1' : '')}
            />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        isNarrowed ? (
          <NothingFound onClear={clear} />
        ) : (
          <Nothing title={t('runs.empty')} actions={<NewRun />}>
            {t('runs.emptyBody')}
          </Nothing>
        )
      ) : (
        <DataTable
          label={t('runs.list')}
          columns={columns}
          rows={found}
          keyOf={(run) => `${namespaceOf(run)}/${nameOf(run)}`}
        />
      )}
    </>
  );
};

export const Runs = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(commandRuns);
  const body = (): React.ReactNode => {
    if (state === 'loading') return <Loading />;
    return state === 'failed' ? <Problem error={error} onRetry={retry} /> : <List rows={items} />;
  };
  return (
    <>
      <PageHead title={t('shell.pages.runs')} actions={<NewRun />} />
      <PageSection hasBodyWrapper={false} isFilled>
        {body()}
      </PageSection>
    </>
  );
};
