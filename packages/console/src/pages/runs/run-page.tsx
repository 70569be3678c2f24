// One run: how it stands on each of its nodes, what they said, and what can be done.
import type { CommandRun } from '@drover/api';
import { commandRuns } from '@drover/client/kinds';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
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

const Head = ({ run, isInTable }: { readonly run: CommandRun; readonly isInTable: boolean }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const title = t('shell.pages.runs');
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
        crumbs={[{ title, link: <Link to={paths.runs()}>{title}</Link> }]}
      />
      <WorkHead work={run} isInTable={isInTable} />
    </>
  );
};

export const RunPage = () => {
  const { t } = useTranslation();
  const { namespace = '', name = '', tab = '' } = useParams();
  const { object: run, state, error } = useLiveObject(commandRuns, name, namespace);
  const at = (key: string): string => paths.run(namespace, name, key);
  const common = useObjectTabs(commandRuns, run, at);
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} />;
  if (run === undefined) return <Nothing title={t('runs.gone', { name })} />;
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
