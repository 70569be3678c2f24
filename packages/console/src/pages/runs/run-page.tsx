// One run: how it stands on each of its nodes, what they said, and what can be done.
import type { CommandRun } from '@drover/api';
import { commandRuns } from '@drover/client/kinds';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Absent } from '../../ui/absent.tsx';
import { type Crumb, PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { useObjectTabs } from '../kinds/object-tabs.tsx';
import { WorkActions } from '../work/work-actions.tsx';
import { WorkHead } from '../work/work-head.tsx';
import { PhaseLabel } from '../work/work-state.tsx';
import { Compare } from './compare-runs.tsx';
import { runDraft, toDraft } from './draft.ts';
import { FoldedOutputs } from './fold.tsx';
import { NodeTable } from './node-table.tsx';
import { commandOf } from './run.ts';
import { RunDetails } from './run-details.tsx';
import { RunLog } from './run-log.tsx';

const useCrumbs = (): readonly Crumb[] => {
  const { t } = useTranslation();
  const title = t('shell.pages.runs');
  return [{ title, link: <Link to={paths.runs()}>{title}</Link> }];
};

const Head = ({ run, isInTable }: { readonly run: CommandRun; readonly isInTable: boolean }) => {
  const navigate = useNavigate();
  const again = (): void => {
    runDraft.save(toDraft(run));
    void navigate(paths.newRun());
  };
  return (
    <>
      <PageHead
        title={run.metadata.name ?? ''}
        badge={<PhaseLabel work={run} />}
        description={<code className="drover-code">{commandOf(run).slice(0, 300)}</code>}
        actions={<WorkActions work={run} onAgain={again} />}
        crumbs={useCrumbs()}
      />
      <WorkHead work={run} isInTable={isInTable} />
    </>
  );
};

export const RunPage = () => {
  const { t } = useTranslation();
  const { namespace = '', name = '', tab = '' } = useParams();
  const { object: run, ...live } = useLiveObject(commandRuns, name, namespace);
  const at = (key: string): string => paths.run(namespace, name, key);
  const common = useObjectTabs(commandRuns, run, at);
  const crumbs = useCrumbs();
  if (run === undefined || live.state === 'failed')
    return <Absent {...live} title={name} crumbs={crumbs} gone={t('runs.gone', { name })} />;
  const shows = {
    nodes: () => <NodeTable run={run} />,
    outputs: () => <FoldedOutputs run={run} />,
    log: () => <RunLog run={run} />,
    compare: () => <Compare run={run} />,
    details: () => <RunDetails run={run} />,
  } as const;
  const own = (['nodes', 'outputs', 'log', 'compare', 'details'] as const).map((key) => ({
    key,
    title: t(`runs.tabs.${key}`),
    to: key === 'nodes' ? at('') : at(key),
    show: shows[key],
  }));
  return (
    <>
      <Head run={run} isInTable={tab === '' || tab === 'nodes'} />
      <PageTabs label={name} active={tab} tabs={[...own, ...common]} />
    </>
  );
};
