// One run: how it stands on each of its nodes, what they said, and what can be done.
import type { CommandRun } from '@drover/api';
import { humanDuration } from '@drover/api/duration';
import { commandRuns } from '@drover/client/kinds';
import { Alert, Content, Flex, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { ObjectEvents } from '../events/object-events.tsx';
import { Compare } from './compare-runs.tsx';
import { FoldedOutputs } from './fold.tsx';
import { NodeTable } from './node-table.tsx';
import { commandOf, phaseOf } from './run.ts';
import { RunActions } from './run-actions.tsx';
import { RunDetails } from './run-details.tsx';
import { RunLog } from './run-log.tsx';
import { CountsBar, PhaseLabel } from './run-state.tsx';
import { StateFilter } from './state-filter.tsx';

const Took = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const { startTime, completionTime } = run.status ?? {};
  if (startTime === undefined || completionTime === undefined) return null;
  // Both times are in whole seconds.
  const ms = Date.parse(completionTime) - Date.parse(startTime);
  return <span>{t('runs.took', { time: ms < 1_000 ? '<1s' : humanDuration(ms) })}</span>;
};

/** The cause of the present wait or of the failure, and who decided what. */
const Said = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const { message = '', conditions = [] } = run.status ?? {};
  const decision = conditions.find(({ type }) => type === 'Approved' || type === 'Denied');
  const phase = phaseOf(run);
  return (
    <>
      {decision === undefined ? null : (
        <p>
          {t(decision.type === 'Approved' ? 'runs.wasApproved' : 'runs.wasRejected', {
            message: decision.message ?? '',
          })}
        </p>
      )}
      {message === '' ? null : (
        <Alert
          isInline
          isPlain
          variant={phase === 'Failed' ? 'danger' : phase === 'Running' ? 'info' : 'warning'}
          title={message}
        />
      )}
    </>
  );
};

const Head = ({ run, isInTable }: { readonly run: CommandRun; readonly isInTable: boolean }) => {
  const { t } = useTranslation();
  const title = t('shell.pages.runs');
  return (
    <>
      <PageHead
        title={run.metadata.name ?? ''}
        badge={<PhaseLabel run={run} />}
        description={<code className="drover-code">{commandOf(run).slice(0, 300)}</code>}
        actions={<RunActions run={run} />}
        crumbs={[{ title, link: <Link to={paths.runs()}>{title}</Link> }]}
      />
      <PageSection hasBodyWrapper={false}>
        <Stack hasGutter>
          <StackItem>
            <Flex>
              <Content component="small">
                {t('runs.byWhom', { name: run.spec.requester?.username ?? t('ui.unknown') })}
              </Content>
              <Content component="small">
                <Age at={run.metadata.creationTimestamp} />
              </Content>
              <Content component="small">
                <Took run={run} />
              </Content>
            </Flex>
            <Said run={run} />
          </StackItem>
          <StackItem>
            <CountsBar run={run} height={12} />
          </StackItem>
          <StackItem>
            <StateFilter run={run} isInTable={isInTable} />
          </StackItem>
        </Stack>
      </PageSection>
    </>
  );
};

export const RunPage = () => {
  const { t } = useTranslation();
  const { namespace = '', name = '', tab = '' } = useParams();
  const { object: run, state, error } = useLiveObject(commandRuns, name, namespace);
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} />;
  if (run === undefined) return <Nothing title={t('runs.gone', { name })} />;
  const at = (key: string): string => paths.run(namespace, name, key);
  const shows = {
    nodes: () => <NodeTable run={run} />,
    outputs: () => <FoldedOutputs run={run} />,
    log: () => <RunLog run={run} />,
    compare: () => <Compare run={run} />,
    details: () => <RunDetails run={run} />,
    events: () => <ObjectEvents kind="CommandRun" name={name} namespace={namespace} />,
  } as const;
  const tabs = (['nodes', 'outputs', 'log', 'compare', 'details', 'events'] as const).map((key) => ({
    key,
    title: t(`runs.tabs.${key}`),
    to: key === 'nodes' ? at('') : at(key),
    show: shows[key],
  }));
  return (
    <>
      <Head run={run} isInTable={tab === '' || tab === 'nodes'} />
      <PageTabs label={name} active={tab} tabs={tabs} />
    </>
  );
};
