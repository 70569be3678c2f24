// One recorded terminal, replayed.
import { ApiError } from '@drover/api/errors';
import { Alert, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { client } from '../../api/client.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { parseCast } from './cast.ts';
import { PlayerView } from './player-view.tsx';
import { useRecordings } from './recordings.tsx';

const useCast = (id: string) =>
  useQuery({
    queryKey: ['recording', id],
    queryFn: async ({ signal }) => {
      const decoder = new TextDecoder();
      let text = '';
      for await (const part of client.recording(id, { signal }))
        text += decoder.decode(part, { stream: true });
      return { text, cast: parseCast(text + decoder.decode()) };
    },
    // Large, and of no use once it is left.
    gcTime: 0,
  });

export const RecordingPage = () => {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const { data: all } = useRecordings();
  const { data, error, refetch } = useCast(id);
  const info = all?.find((one) => one.id === id);
  const list = t('shell.pages.recordings');
  const body = (): ReactNode => {
    if (error instanceof ApiError && error.reason === 'NotFound')
      return (
        <Nothing title={t('audit.recordings.gone')} actions={<Link to={paths.recordings()}>{list}</Link>}>
          {error.message}
        </Nothing>
      );
    if (data === undefined)
      return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
    return (
      <Stack hasGutter>
        {data.cast.problem === '' ? null : (
          <StackItem>
            <Alert
              isInline
              variant="warning"
              title={t('audit.recordings.broken', { why: data.cast.problem })}
            />
          </StackItem>
        )}
        <StackItem>
          <PlayerView id={id} text={data.text} cast={data.cast} />
        </StackItem>
      </Stack>
    );
  };
  return (
    <>
      <PageHead
        title={info === undefined ? id : t('audit.recordings.title', { user: info.user, node: info.node })}
        {...(info === undefined ? {} : { description: <Age at={info.startedAt} /> })}
        crumbs={[{ title: list, link: <Link to={paths.recordings()}>{list}</Link> }]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        {body()}
      </PageSection>
    </>
  );
};
