// Backups by the clock: how they stand, which files there are, or how to have them.
import type { BackupFile, BackupSchedule } from '@drover/api';
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  ClipboardCopy,
  Content,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { toSize } from '../recordings/words.ts';
import { useCronWords } from '../schedules/cron-field.tsx';

const example =
  'npm start -- --backup-dir /srv/backups --backup-schedule "30 2 * * *" --backup-keep 7 --backup-key-file /etc/drover/backup.key';

export const NoSchedule = () => {
  const { t } = useTranslation();
  return (
    <Card>
      <CardTitle component="h2">{t('settings.backup.schedule')}</CardTitle>
      <CardBody>
        <Stack hasGutter>
          <StackItem>
            <Alert isInline variant="warning" title={t('settings.backup.none')}>
              {t('settings.backup.noneHelp')}
            </Alert>
          </StackItem>
          <StackItem>
            <ClipboardCopy
              isReadOnly
              isCode
              textAriaLabel={t('settings.backup.start')}
              hoverTip={t('ui.copy')}
              clickTip={t('ui.copied')}
            >
              {example}
            </ClipboardCopy>
          </StackItem>
        </Stack>
      </CardBody>
    </Card>
  );
};

/** A failure counts until the next success. */
const failureOf = ({ lastFailure, lastSuccess }: BackupSchedule) =>
  lastFailure !== undefined && lastFailure.at >= (lastSuccess?.createdAt ?? '') ? lastFailure : undefined;

export const Schedule = ({ schedule }: { readonly schedule: BackupSchedule }) => {
  const { t, i18n } = useTranslation();
  const words = useCronWords(schedule.schedule);
  const { lastSuccess, startedAt } = schedule;
  const failure = failureOf(schedule);
  const made = lastSuccess && {
    size: toSize(lastSuccess.sizeBytes, i18n.language),
    seconds: lastSuccess.seconds.toLocaleString(i18n.language),
  };
  return (
    <Card>
      <CardTitle component="h2">{t('settings.backup.schedule')}</CardTitle>
      <CardBody>
        <Stack hasGutter>
          {failure === undefined ? null : (
            <StackItem>
              {' '}
              <Alert isInline variant="danger" title={t('settings.backup.failed')}>
                <Age at={failure.at} />: {failure.message}
              </Alert>
            </StackItem>
          )}
          {startedAt === undefined ? null : (
            <StackItem>
              <Alert isInline variant="info" title={t('settings.backup.making')} />
            </StackItem>
          )}
          <StackItem>
            {' '}
            <Facts
              facts={[
                [
                  t('settings.backup.when'),
                  <span key="when">
                    {words} (<code>{schedule.schedule}</code>, {schedule.timeZone})
                  </span>,
                ],
                [t('settings.backup.next'), <Age key="next" at={schedule.nextAt} />],
                [
                  t('settings.backup.last'),
                  <span key="last">
                    <Age at={lastSuccess?.createdAt} />
                    {made === undefined ? null : ` (${t('settings.backup.lastMade', made)})`}
                  </span>,
                ],
                [t('settings.backup.directory'), <code key="directory">{schedule.directory}</code>],
                [t('settings.backup.keep'), t('settings.backup.kept', { count: schedule.keep })],
                [t('settings.backup.key'), schedule.key],
              ]}
            />
          </StackItem>
        </Stack>
      </CardBody>
    </Card>
  );
};

export const BackupFiles = ({ files }: { readonly files: readonly BackupFile[] }) => {
  const { t, i18n } = useTranslation();
  const columns: readonly Column<BackupFile>[] = [
    { key: 'name', title: t('ui.name'), show: ({ name }) => <code>{name}</code> },
    { key: 'made', title: t('ui.created'), show: ({ createdAt }) => <Age at={createdAt} /> },
    {
      key: 'size',
      title: t('settings.backup.size'),
      show: ({ sizeBytes }) => toSize(sizeBytes, i18n.language),
    },
    { key: 'revision', title: t('settings.backup.revision'), show: ({ revision }) => revision },
  ];
  return (
    <Card>
      <CardTitle component="h2">{t('settings.backup.files')}</CardTitle>
      <CardBody>
        {files.length === 0 ? (
          <Content component="p">{t('settings.backup.noFiles')}</Content>
        ) : (
          <DataTable
            label={t('settings.backup.files')}
            columns={columns}
            rows={files}
            keyOf={({ name }) => name}
          />
        )}
      </CardBody>
    </Card>
  );
};
