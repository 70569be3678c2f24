// The fleet at a glance.
import { events as eventKind, nodes as nodeKind } from '@drover/client/kinds';
import { Card, CardBody, CardTitle, Gallery, PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Facts } from '../../ui/facts.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { EventTable } from '../events/event-table.tsx';
import { nodeState } from '../nodes/node-state.tsx';

const states = ['ready', 'notReady', 'unknownState', 'paused'] as const;

export const Overview = () => {
  const { t } = useTranslation();
  const nodes = useLive(nodeKind);
  const events = useLive(eventKind);
  return (
    <>
      <PageHead title={t('shell.pages.overview')} />
      <PageSection hasBodyWrapper={false} isFilled>
        <Gallery hasGutter minWidths={{ default: '20rem' }}>
          <Card>
            <CardTitle component="h2">
              <Link to={paths.nodes()}>{t('overview.nodesByState')}</Link>
            </CardTitle>
            <CardBody>
              <Facts
                facts={states.map((state) => [
                  t(`nodes.${state}`),
                  nodes.items.filter((node) => nodeState(node) === state).length,
                ])}
              />
            </CardBody>
          </Card>
          <Card>
            <CardTitle component="h2">{t('overview.recent')}</CardTitle>
            <CardBody>
              <EventTable events={events.items.slice(-10)} />
            </CardBody>
          </Card>
        </Gallery>
      </PageSection>
    </>
  );
};
