// One transfer: how it stands on each of its nodes, what it changed or brought, and what can be done.
import type { FileTransfer } from '@drover/api';
import { fileTransfers } from '@drover/client/kinds';
import { PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Absent } from '../../ui/absent.tsx';
import { BytesProgress } from '../../ui/bytes-progress.tsx';
import { type Crumb, PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { useObjectTabs } from '../kinds/object-tabs.tsx';
import { shown } from '../node-files/remote-path.ts';
import { useResults } from '../work/results.ts';
import { isOver } from '../work/work.ts';
import { WorkActions } from '../work/work-actions.tsx';
import { WorkHead } from '../work/work-head.tsx';
import { PhaseLabel } from '../work/work-state.tsx';
import { ChangeGroups } from './change-groups.tsx';
import { toDraft, transferDraft } from './draft.ts';
import { TransferDetails } from './transfer-details.tsx';
import { TransferNodes } from './transfer-nodes.tsx';
import { WayLabel } from './transfer-state.tsx';

/** All nodes together, while bytes go. */
const Throughput = ({ transfer }: { readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const {
    value: { tasks, speeds },
  } = useResults(transfer);
  const totalBytes = tasks.reduce((sum, task) => sum + task.totalBytes, 0);
  if (isOver(transfer) || totalBytes === 0) return null;
  const doneBytes = tasks.reduce((sum, task) => sum + task.doneBytes, 0);
  const bytesPerSecond = [...speeds.values()].reduce((sum, speed) => sum + speed, 0);
  return (
    <PageSection hasBodyWrapper={false}>
      <BytesProgress
        title={t('transfers.allNodes')}
        doneBytes={doneBytes}
        totalBytes={totalBytes}
        bytesPerSecond={bytesPerSecond}
      />
    </PageSection>
  );
};

const useCrumbs = (): readonly Crumb[] => {
  const { t } = useTranslation();
  const title = t('shell.pages.files');
  return [{ title, link: <Link to={paths.transfers()}>{title}</Link> }];
};

const Head = ({ transfer, isInTable }: { readonly transfer: FileTransfer; readonly isInTable: boolean }) => {
  const navigate = useNavigate();
  const again = (): void => {
    transferDraft.save(toDraft(transfer));
    void navigate(paths.newTransfer());
  };
  return (
    <>
      <PageHead
        title={transfer.metadata.name ?? ''}
        badge={
          <>
            <PhaseLabel work={transfer} />
            <WayLabel transfer={transfer} />
          </>
        }
        description={<code className="drover-code">{shown(transfer.spec.path)}</code>}
        actions={<WorkActions work={transfer} onAgain={again} />}
        crumbs={useCrumbs()}
      />
      <WorkHead work={transfer} isInTable={isInTable} />
      <Throughput transfer={transfer} />
    </>
  );
};

export const TransferPage = () => {
  const { t } = useTranslation();
  const { namespace = '', name = '', tab = '' } = useParams();
  const { object: transfer, ...live } = useLiveObject(fileTransfers, name, namespace);
  const common = useObjectTabs(fileTransfers, transfer, (key) => paths.transfer(namespace, name, key));
  const crumbs = useCrumbs();
  if (transfer === undefined || live.state === 'failed')
    return <Absent {...live} title={name} crumbs={crumbs} gone={t('transfers.gone', { name })} />;
  const shows = {
    nodes: () => <TransferNodes transfer={transfer} />,
    changes: () => <ChangeGroups transfer={transfer} />,
    details: () => <TransferDetails transfer={transfer} />,
  } as const;
  const keys = (['nodes', 'changes', 'details'] as const).filter(
    (key) => key !== 'changes' || transfer.spec.direction === 'Push',
  );
  const own = keys.map((key) => ({
    key,
    title: t(`transfers.tabs.${key}`),
    to: paths.transfer(namespace, name, key === 'nodes' ? '' : key),
    show: shows[key],
  }));
  return (
    <>
      <Head transfer={transfer} isInTable={tab === '' || tab === 'nodes'} />
      <PageTabs label={name} active={tab} tabs={[...own, ...common]} />
    </>
  );
};
