// Backups: by the clock, now, and the way back.
import type { BackupInfo } from '@drover/api';
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
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { toSize } from '../recordings/words.ts';
import { backupAddress } from './backup-address.ts';
import { BackupDialog } from './backup-dialog.tsx';
import { BackupFiles, NoSchedule, Schedule } from './backup-schedule.tsx';

/** While one is made there is nothing to watch: it is looked at again, until it is done. */
const lookAgainMs = 1_000;

const useBackups = () =>
  useQuery({
    queryKey: ['backups'],
    queryFn: ({ signal }) => client.backups({ signal }),
    refetchInterval: ({ state }) => (state.data?.schedule?.startedAt === undefined ? false : lookAgainMs),
  });

const Made = ({ info }: { readonly info: BackupInfo }) => {
  const { t, i18n } = useTranslation();
  return (
    <Alert
      isInline
      variant="success"
      title={t('settings.backup.made', { size: toSize(info.sizeBytes, i18n.language) })}
      actionLinks={
        <a href={backupAddress(info.id)} download>
          {t('settings.backup.download')}
        </a>
      }
    >
      {t('settings.backup.madeHelp')}
    </Alert>
  );
};

const Now = () => {
  const { t } = useTranslation();
  const mayMake = useCan(can.backUp());
  const [isOpen, setOpen] = useState(false);
  const [made, setMade] = useState<BackupInfo>();
  return (
    <Card>
      <CardTitle component="h2">{t('settings.backup.now')}</CardTitle>
      <CardBody>
        <Stack hasGutter>
          <StackItem>{t('settings.backup.about')}</StackItem>
          {made === undefined ? null : (
            <StackItem>
              <Made info={made} />
            </StackItem>
          )}
          <StackItem>
            <ActionButton able={mayMake} onClick={() => setOpen(true)}>
              {t('settings.backup.now')}
            </ActionButton>
          </StackItem>
        </Stack>
        {isOpen ? (
          <BackupDialog
            onMade={(info) => {
              setMade(info);
              setOpen(false);
            }}
            onClose={() => setOpen(false)}
          />
        ) : null}
      </CardBody>
    </Card>
  );
};

const WayBack = () => {
  const { t } = useTranslation();
  return (
    <Card>
      <CardTitle component="h2">{t('settings.backup.restore')}</CardTitle>
      <CardBody>
        <Content component="p">{t('settings.backup.restoreHelp')}</Content>
        <ClipboardCopy
          isReadOnly
          isCode
          textAriaLabel={t('settings.backup.restore')}
          hoverTip={t('ui.copy')}
          clickTip={t('ui.copied')}
        >
          drover restore fleet.backup --data-dir /srv/drover
        </ClipboardCopy>
      </CardBody>
    </Card>
  );
};

export const Backup = () => {
  const { data, error, refetch } = useBackups();
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const { schedule, files } = data;
  return (
    <Stack hasGutter>
      <StackItem>{schedule === undefined ? <NoSchedule /> : <Schedule schedule={schedule} />}</StackItem>
      {schedule === undefined ? null : (
        <StackItem>
          <BackupFiles files={files} />
        </StackItem>
      )}
      <StackItem>
        <Now />
      </StackItem>
      <StackItem>
        <WayBack />
      </StackItem>
    </Stack>
  );
};
