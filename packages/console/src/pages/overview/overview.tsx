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
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { nowMs } from '../../ui/clock.ts';
import { Facts } from '../../ui/facts.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
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

const Fleet = ({ nodes }: { readonly nodes: readonly Node[] }) => {
  const { t } = useTranslation();
  const requests = useLive(certificateSigningRequests).items;
  const runs = useLive(commandRuns).items;
  const transfers = useLive(fileTransfers).items;
  const events = useLive(eventKind);
  return (
    <Grid hasGutter>
      <GridItem lg={6}>
        <Part title={t('overview.attention')}>
          <AttentionList items={attentionOf({ nodes, requests, runs, transfers, nowMs: nowMs() })} />
        </Part>
      </GridItem>
      <GridItem lg={6}>
        <Part title={t('overview.working')}>
          <WorkNow works={[...runs, ...transfers]} />
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
          {events.items.length === 0 ? (
            <Content component="p">{t('overview.noEvents')}</Content>
          ) : (
            <RecentEvents events={events.items} />
          )}
        </Part>
      </GridItem>
    </Grid>
  );
};

export const Overview = () => {
  const { t } = useTranslation();
  const { items, state, error } = useLive(nodeKind);
  return (
    <>
      <PageHead title={t('shell.pages.overview')} />
      <PageSection hasBodyWrapper={false} isFilled>
        {state === 'loading' ? (
          <Loading />
        ) : state === 'failed' ? (
          <Problem error={error} />
        ) : (
          <Fleet nodes={items} />
        )}
      </PageSection>
    </>
  );
};
