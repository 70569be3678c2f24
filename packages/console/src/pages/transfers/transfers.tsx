// Every transfer: which way, what, by whom, and how it stands.
import type { FileTransfer } from '@drover/api';
import { fileTransfers } from '@drover/client/kinds';
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
import { shown } from '../node-files/remote-path.ts';
import { progressOf } from '../work/task-state.ts';
import { isOfPage, isOver, nameOf, namespaceOf, pageOf, phaseOf, targetsOf } from '../work/work.ts';
import { CountsBar, PhaseLabel } from '../work/work-state.tsx';
import { madeAt, makerOf } from './transfer.ts';
import { WayLabel, wayOf } from './transfer-state.tsx';

const textsOf = (transfer: FileTransfer): readonly string[] => {
  const { nodes, labels } = targetsOf(transfer);
  return [nameOf(transfer), shown(transfer.spec.path), makerOf(transfer), nodes, labels];
};

const filters = ['active', 'push', 'pull', 'Failed'] as const;
type FilterName = (typeof filters)[number];

const isIn = (filter: string, transfer: FileTransfer): boolean => {
  if (filter === 'active') return !isOver(transfer);
  if (filter === 'push' || filter === 'pull') return transfer.spec.direction.toLowerCase() === filter;
  return filter === '' || phaseOf(transfer) === filter;
};

const useColumns = (): readonly Column<FileTransfer>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (transfer) => <Link to={pageOf(transfer)}>{nameOf(transfer)}</Link>,
    },
    {
      key: 'way',
      title: t('transfers.way'),
      sortBy: wayOf,
      show: (transfer) => <WayLabel transfer={transfer} />,
    },
    {
      key: 'path',
      title: t('transfers.path'),
      sortBy: ({ spec }) => spec.path,
      show: ({ spec }) => <code className="drover-code">{shown(spec.path)}</code>,
    },
    {
      key: 'phase',
      title: t('runs.phase'),
      sortBy: phaseOf,
      show: (transfer) => <PhaseLabel work={transfer} />,
    },
    {
      key: 'progress',
      title: t('runs.progress'),
      sortBy: ({ status }) => progressOf(status?.counts).total,
      show: (transfer) => <CountsBar work={transfer} />,
      width: '12rem',
    },
    { key: 'by', title: t('runs.by'), sortBy: makerOf, show: makerOf },
    { key: 'age', title: t('ui.age'), sortBy: madeAt, show: (transfer) => <Age at={madeAt(transfer)} /> },
  ];
};

const NewTransfer = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const able = useCan(can.moveFiles('default'));
  return (
    <ActionButton able={able} onClick={() => void navigate(paths.newTransfer())}>
      {t('shell.pages.newTransfer')}
    </ActionButton>
  );
};

const List = ({ rows }: { readonly rows: readonly FileTransfer[] }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const [filter, setFilter] = useParameter('q');
  const [chosen, setChosen] = useParameter('show');
  const [isAll, setAll] = useParameter('all');
  const titles: Readonly<Record<FilterName, string>> = {
    active: t('runs.active'),
    push: t('transfers.ways.push'),
    pull: t('transfers.ways.pull'),
    Failed: t('runs.phases.Failed'),
  };
  const found = rows
    .filter((transfer) => isAll !== '' || !isOfPage(transfer))
    .filter((transfer) => isIn(chosen, transfer) && matches(filter, textsOf(transfer)))
    .sort((a, b) => (madeAt(a) < madeAt(b) ? 1 : -1));
  const clear = chosen === '' ? () => setFilter('') : () => setChosen('');
  const body = (): React.ReactNode => {
    if (found.length > 0)
      return (
        <DataTable
          label={t('transfers.list')}
          columns={columns}
          rows={found}
          keyOf={(transfer) => `${namespaceOf(transfer)}/${nameOf(transfer)}`}
        />
      );
    if (filter !== '' || chosen !== '') return <NothingFound onClear={clear} />;
    return (
      <Nothing title={t('transfers.empty')} actions={<NewTransfer />}>
        {t('transfers.emptyBody')}
      </Nothing>
    );
  };
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('transfers.filterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem>
            <ToggleGroup aria-label={t('transfers.show')} isCompact style={{ flexWrap: 'wrap' }}>
              {filters.map((name) => (
                <ToggleGroupItem
                  key={name}
                  text={titles[name]}
                  buttonId={`show-${name}`}
                  isSelected={chosen === name}
                  onChange={(_event, isSelected) => setChosen(isSelected ? name : '')}
                />
              ))}
            </ToggleGroup>
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <Checkbox
              id="show-all"
              label={t('runs.showAll')}
              isChecked={isAll !== ''}
              onChange={(_event, is) => setAll(is ? '1' : '')}
            />
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {body()}
    </>
  );
};

export const Transfers = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(fileTransfers);
  const body = (): React.ReactNode => {
    if (state === 'loading') return <Loading />;
    return state === 'failed' ? <Problem error={error} onRetry={retry} /> : <List rows={items} />;
  };
  return (
    <>
      <PageHead title={t('shell.pages.files')} actions={<NewTransfer />} />
      <PageSection hasBodyWrapper={false} isFilled>
        {body()}
      </PageSection>
    </>
  );
};
