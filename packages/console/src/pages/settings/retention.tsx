// How long what is kept, as far as the controller tells, and where that is said.
import { Card, CardBody, CardTitle, Content, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client } from '../../api/client.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { Facts } from '../../ui/facts.tsx';
import { useRecordings } from '../recordings/recordings.tsx';
import { toSize } from '../recordings/words.ts';

const useOldestRow = () =>
  useQuery({
    queryKey: ['audit-oldest'],
    queryFn: async ({ signal }) =>
      (await client.audit.page({ order: 'oldest', limit: 1 }, { signal })).items[0] ?? null,
  });

const AuditPart = () => {
  const { t } = useTranslation();
  const { data, error } = useOldestRow();
  return (
    <Card>
      <CardTitle component="h2">
        <Link to={paths.audit()}>{t('shell.pages.audit')}</Link>
      </CardTitle>
      <CardBody>
        <Content component="p">{t('settings.retention.audit')}</Content>
        <Facts
          facts={[
            [
              t('settings.retention.oldest'),
              error === null ? <Age key="oldest" at={data?.time} /> : error.message,
            ],
            [t('settings.retention.set'), <code key="set">--audit-keep-days, --audit-keep-rows</code>],
          ]}
        />
      </CardBody>
    </Card>
  );
};

const RecordingPart = () => {
  const { t, i18n } = useTranslation();
  const { data = [], error } = useRecordings();
  const bytes = data.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    <Card>
      <CardTitle component="h2">
        <Link to={paths.recordings()}>{t('shell.pages.recordings')}</Link>
      </CardTitle>
      <CardBody>
        <Content component="p">{t('settings.retention.recordings')}</Content>
        <Facts
          facts={
            error === null
              ? [
                  [t('settings.retention.count'), data.length],
                  [t('settings.retention.size'), toSize(bytes, i18n.language)],
                  [t('settings.retention.oldest'), <Age key="oldest" at={data.at(-1)?.startedAt} />],
                ]
              : [[t('settings.retention.count'), error.message]]
          }
        />
      </CardBody>
    </Card>
  );
};

export const Retention = () => {
  const { t } = useTranslation();
  return (
    <Stack hasGutter>
      <StackItem>{t('settings.retention.about')}</StackItem>
      <StackItem>
        <AuditPart />
      </StackItem>
      <StackItem>
        <RecordingPart />
      </StackItem>
    </Stack>
  );
};
