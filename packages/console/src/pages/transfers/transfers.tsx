// Every transfer: which way, what, by whom, and how it stands.
import type { FileTransfer } from '@drover/api';
import { fileTransfers } from '@drover/client/kinds';
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
import { shown } from '../node-files/remote-path.ts';
import { nameOf, pageOf, phaseOf } from '../work/work.ts';
import { type Filing, useInPhase, useWorkColumns, WorkList } from '../work/work-list.tsx';
import { PhaseLabel } from '../work/work-state.tsx';
import { WayLabel, wayOf } from './transfer-state.tsx';

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
      width: '11rem',
      show: ({ spec }) => <code className="drover-code">{shown(spec.path)}</code>,
    },
    {
      key: 'phase',
      title: t('runs.phase'),
      sortBy: phaseOf,
      show: (transfer) => <PhaseLabel work={transfer} />,
    },
    ...useWorkColumns(),
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

export const Transfers = () => {
  const { t } = useTranslation();
  const live = useLive(fileTransfers);
  const columns = useColumns();
  const inPhase = useInPhase();
  const going = (way: 'push' | 'pull'): Filing<FileTransfer> => ({
    name: way,
    title: t(`transfers.ways.${way}`),
    has: ({ spec }) => spec.direction.toLowerCase() === way,
  });
  return (
    <>
      <PageHead title={t('shell.pages.files')} actions={<NewTransfer />} />
      <PageSection hasBodyWrapper={false} isFilled>
        <WorkList
          {...live}
          label={t('transfers.list')}
          columns={columns}
          textOf={({ spec }) => shown(spec.path)}
          filterLabel={t('transfers.filterLabel')}
          parameter="show"
          filingsLabel={t('transfers.show')}
          filings={[going('push'), going('pull'), inPhase('Failed')]}
          emptyTitle={t('transfers.empty')}
          emptyBody={t('transfers.emptyBody')}
          emptyActions={<NewTransfer />}
        />
      </PageSection>
    </>
  );
};
