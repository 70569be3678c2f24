// The last things that happened, one line each.
import type { Event } from '@drover/api';
import { Label, List, ListItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { timeOf } from '../events/event-table.tsx';

const shown = 8;

export const RecentEvents = ({ events }: { readonly events: readonly Event[] }) => {
  const { t } = useTranslation();
  const newest = [...events].sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1)).slice(0, shown);
  return (
    <>
      <List isPlain>
        {newest.map((event) => (
          <ListItem key={event.metadata.uid}>
            <Age at={timeOf(event)} />{' '}
            {event.type === 'Warning' ? (
              <Label isCompact status="warning">
                {event.reason}
              </Label>
            ) : (
              event.reason
            )}{' '}
            <strong>{event.involvedObject.name}</strong>: {event.message}
          </ListItem>
        ))}
      </List>
      <Link to={paths.events()}>{t('shell.pages.events')}</Link>
    </>
  );
};
