// The events of one object, on its page.
import { events as eventKind } from '@drover/client/kinds';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live.ts';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { EventTable } from './event-table.tsx';

export const ObjectEvents = ({
  kind,
  name,
  namespace,
}: {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}) => {
  const { t } = useTranslation();
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const { items, state, error, retry } = useLive(eventKind, { namespace, fieldSelector });
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (items.length === 0) return <Nothing title={t('events.empty')}>{t('events.emptyBody')}</Nothing>;
  return <EventTable events={items} />;
};
