// What was seen in terminals, newest first.
import type { RecordingInfo } from '@drover/client';
import { PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { toClock, toSize } from './words.ts';

export const useRecordings = () =>
  useQuery({ queryKey: ['recordings'], queryFn: ({ signal }) => client.recordings({ signal }) });

export const Recordings = () => {
  const { t, i18n } = useTranslation();
  const { data, error, refetch } = useRecordings();
  const columns: readonly Column<RecordingInfo>[] = [
    {
      key: 'started',
      title: t('audit.recordings.started'),
      sortBy: ({ startedAt }) => startedAt,
      show: ({ startedAt }) => <Age at={startedAt} />,
    },
    {
      key: 'node',
      title: t('audit.recordings.node'),
      sortBy: ({ node }) => node,
      show: ({ node }) => <Link to={paths.node(node)}>{node}</Link>,
    },
    { key: 'user', title: t('audit.recordings.user'), sortBy: ({ user }) => user, show: ({ user }) => user },
    {
      key: 'seconds',
      title: t('audit.recordings.seconds'),
      sortBy: ({ seconds }) => seconds,
      show: ({ seconds }) => toClock(seconds),
    },
    {
      key: 'size',
      title: t('audit.recordings.size'),
      sortBy: ({ sizeBytes }) => sizeBytes,
      show: ({ sizeBytes }) => toSize(sizeBytes, i18n.language),
    },
    {
      key: 'play',
      title: t('ui.actions'),
      show: ({ id, node, user, startedAt }) => (
        <Link
          to={paths.recording(id)}
          aria-label={t('audit.recordings.playNamed', {
            user,
            node,
            time: new Date(startedAt).toLocaleString(i18n.language),
          })}
        >
          {t('audit.recordings.play')}
        </Link>
      ),
    },
  ];
  return (
    <>
      <PageHead title={t('shell.pages.recordings')} />
      <PageSection hasBodyWrapper={false} isFilled>
        <ListView
          label={t('audit.recordings.list')}
          rows={data ?? []}
          state={data !== undefined ? 'live' : error === null ? 'loading' : 'failed'}
          error={error}
          retry={() => void refetch()}
          columns={columns}
          keyOf={({ id }) => id}
          filterLabel={t('audit.recordings.filter')}
          textsOf={({ node, user }) => [node, user]}
          emptyTitle={t('audit.recordings.empty')}
          emptyBody={t('audit.recordings.emptyBody')}
          emptyActions={<Link to={paths.nodes()}>{t('audit.recordings.toNodes')}</Link>}
        />
      </PageSection>
    </>
  );
};
