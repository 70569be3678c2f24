// The fleet at a glance: what needs attention, what is going on, what there is.

import type { Node } from '@drover/api';
import {
  certificateSigningRequests,
  commandRuns,
  events as eventKind,
  fileTransfers,
  nodes as nodeKind,
} from '@drover/client/kinds';
import {
  Button,
  Card,
  CardBody,
  CardTitle,
  Content,
  Grid,
  GridItem,
  PageSection,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { joinLive, type Live, useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { nowMs } from '../../ui/clock.ts';
import { Facts } from '../../ui/facts.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Partial, Problem } from '../../ui/states.tsx';
import { attentionOf } from './attention.ts';
import { AttentionList } from './attention-list.tsx';
import { capacityOf, toGib } from './capacity.ts';
import { FleetMap } from './fleet-map.tsx';
import { RecentEvents } from './recent-events.tsx';
import { WorkNow } from './work-now.tsx';

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <Card isFullHeight>
    <CardTitle component="h2">{title}</CardTitle>
    <CardBody>{children}</CardBody>
  </Card>
);

/** What lists tell together, as far as they are there. */
const Told = ({ by, children }: { readonly by: readonly Live<unknown>[]; readonly children: ReactNode }) => {
  const { state, error, missing, retry } = joinLive(by);
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  return (
    <>
      {missing === undefined ? null : <Partial error={missing} onRetry={retry} />}
      {children}
    </>
  );
};

const Capacity = ({ nodes }: { readonly nodes: readonly Node[] }) => {
  const { t } = useTranslation();
  const { cpus, memoryBytes } = capacityOf(nodes);
  const versions = new Set(nodes.map(({ status }) => status?.nodeInfo?.kubeletVersion ?? '?'));
  return (
    <Facts
      facts={[
        [t('shell.pages.nodes'), nodes.length],
        [t('overview.cpus'), cpus],
        [t('overview.memory'), toGib(memoryBytes)],
        [t('overview.versions'), [...versions].sort().join(', ')],
      ]}
    />
  );
};

const FirstServer = () => {
  const { t } = useTranslation();
  return (
    <Nothing
      title={t('overview.noNodes')}
      actions={
        <Button variant="primary" component={(props) => <Link {...props} to={paths.addNodes()} />}>
          {t('shell.pages.addNodes')}
        </Button>
      }
    >
      {t('overview.noNodesBody')}
    </Nothing>
  );
};

const Fleet = ({ live }: { readonly live: Live<Node> }) => {
  const { t } = useTranslation();
  const nodes = live.items;
  const requests = useLive(certificateSigningRequests);
  const runs = useLive(commandRuns);
  const transfers = useLive(fileTransfers);
  const now = {
    nodes,
    requests: requests.items,
    runs: runs.items,
    transfers: transfers.items,
    nowMs: nowMs(),
  };
  const events = useLive(eventKind);
  return (
    <Grid hasGutter>
      <GridItem lg={6}>
        <Part title={t('overview.attention')}>
          <Told by={[live, requests, runs, transfers]}>
            <AttentionList items={attentionOf(now)} />
          </Told>
        </Part>
      </GridItem>
      <GridItem lg={6}>
        <Part title={t('overview.working')}>
          <Told by={[runs, transfers]}>
            <WorkNow works={[...runs.items, ...transfers.items]} />
          </Told>
        </Part>
      </GridItem>
      <GridItem lg={8}>
        <Part title={t('overview.map')}>
          {nodes.length === 0 ? <FirstServer /> : <FleetMap nodes={nodes} />}
        </Part>
      </GridItem>
      <GridItem lg={4}>
        <Part title={t('overview.capacity')}>
          <Capacity nodes={nodes} />
        </Part>
      </GridItem>
      <GridItem>
        <Part title={t('overview.recent')}>
          <Told by={[events]}>
            {events.items.length === 0 ? (
              <Content component="p">{t('overview.noEvents')}</Content>
            ) : (
              <RecentEvents events={events.items} />
            )}
          </Told>
        </Part>
      </GridItem>
    </Grid>
  );
};

export const Overview = () => {
  const { t } = useTranslation();
  const live = useLive(nodeKind);
  return (
    <>
      <PageHead title={t('shell.pages.overview')} />
      <PageSection hasBodyWrapper={false} isFilled>
        {live.state === 'loading' ? (
          <Loading />
        ) : live.state === 'failed' ? (
          <Problem error={live.error} onRetry={live.retry} />
        ) : (
          <Fleet live={live} />
        )}
      </PageSection>
    </>
  );
};
