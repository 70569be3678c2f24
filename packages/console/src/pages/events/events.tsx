// Everything that the controller has noted.
import { events as eventKind } from '@drover/client/kinds';
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { EventTable } from './event-table.tsx';

export const Events = () => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const { items, state, error, retry } = useLive(eventKind);
  const found = items.filter(({ involvedObject, reason, message, type }) =>
    matches(filter, [
      involvedObject.kind ?? '',
      involvedObject.name ?? '',
      reason ?? '',
      message ?? '',
      type ?? '',
    ]),
  );
  const body = (): React.ReactNode => {
    if (state === 'loading') return <Loading />;
    if (state === 'failed') return <Problem error={error} onRetry={retry} />;
    if (items.length === 0)
      return (
        <Nothing
          title={t('events.empty')}
          actions={<Link to={paths.addNodes()}>{t('shell.pages.addNodes')}</Link>}
        >
          {t('events.emptyBody')}
        </Nothing>
      );
    if (found.length === 0) return <NothingFound onClear={() => setFilter('')} />;
    return <EventTable events={found} />;
  };
  return (
    <>
      <PageHead title={t('shell.pages.events')} />
      <PageSection hasBodyWrapper={false} isFilled>
        <Toolbar>
          <ToolbarContent>
            <ToolbarItem>
              <Filter label={t('events.filterLabel')} value={filter} onChange={setFilter} />
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
        {body()}
      </PageSection>
    </>
  );
};
