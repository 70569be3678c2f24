// Makes a backup now: its passphrase is typed twice, sent once, and kept nowhere.
import type { BackupInfo } from '@drover/api';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { downloadFrom } from '../../ui/download.ts';
import { TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { backupAddress } from './backup-address.ts';

/** As the controller asks for it. */
const minPassphrase = 12;

export const BackupDialog = ({
  onMade,
  onClose,
}: {
  readonly onMade: (info: BackupInfo) => void;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const submit = async (): Promise<void> => {
    if (passphrase !== again) throw new Error(t('settings.backup.notSame'));
    const info = await client.makeBackup({ passphrase });
    // The browser fetches it itself, so that its size does not matter to the page.
    downloadFrom(backupAddress(info.id));
    onMade(info);
  };
  return (
    <FormDialog
      title={t('settings.backup.now')}
      description={t('settings.backup.nowHelp')}
      action={t('settings.backup.make')}
      isReady={[...passphrase].length >= minPassphrase && again !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={t('settings.backup.passphrase')}
        help={t('settings.backup.passphraseHelp')}
        type="password"
        autoComplete="new-password"
        value={passphrase}
        onChange={setPassphrase}
        isRequired
      />
      <TextField
        label={t('settings.backup.again')}
        type="password"
        autoComplete="new-password"
        value={again}
        onChange={setAgain}
        isRequired
      />
    </FormDialog>
  );
};
