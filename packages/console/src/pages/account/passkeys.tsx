// One's own passkeys: added in this browser, and removed.
import type { OwnAccount, PasskeyInfo } from '@drover/client';
import { Alert, Button, Card, CardBody, CardTitle, Content } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAskAnew, usePasskeys } from './own.ts';
import { canMakePasskeys, makePasskey } from './passkey.ts';
import { PasswordAsked } from './password-asked.tsx';

interface DialogProps {
  readonly account: OwnAccount;
  readonly onClose: () => void;
}

const AddDialog = ({ account, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    await makePasskey(name, password);
    await askAnew();
    confirmDone(t('account.passkeys.added', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={t('account.passkeys.add')}
      action={t('account.passkeys.add')}
      isReady={name !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={t('account.passkeys.name')}
        placeholder={t('account.passkeys.example')}
        value={name}
        onChange={setName}
        isRequired
      />
      <PasswordAsked account={account} value={password} onChange={setPassword} />
    </FormDialog>
  );
};

const RemoveDialog = ({ account, passkey, onClose }: DialogProps & { readonly passkey: PasskeyInfo }) => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const [password, setPassword] = useState('');
  const { name } = passkey;
  const submit = async (): Promise<void> => {
    await client.removePasskey(passkey.id, password);
    await askAnew();
    confirmDone(t('account.passkeys.removed', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={t('account.passkeys.removeTitle', { name })}
      description={t('account.passkeys.loses')}
      action={t('ui.remove')}
      onSubmit={submit}
      onClose={onClose}
    >
      <PasswordAsked account={account} value={password} onChange={setPassword} />
    </FormDialog>
  );
};

export const Passkeys = ({ account }: { readonly account: OwnAccount }) => {
  const { t } = useTranslation();
  const { data = [], error, refetch } = usePasskeys(account.noPasskeys === '');
  const [isAdding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<PasskeyInfo>();
  const columns: readonly Column<PasskeyInfo>[] = [
    { key: 'name', title: t('ui.name'), show: ({ name }) => name },
    { key: 'made', title: t('ui.created'), show: ({ createdAt }) => <Age at={createdAt} /> },
    { key: 'used', title: t('account.lastUsed'), show: ({ lastUsedAt }) => <Age at={lastUsedAt} /> },
    {
      key: 'remove',
      title: t('ui.actions'),
      show: (passkey) =>
        account.waits ? null : (
          <Button
            variant="link"
            isInline
            isDanger
            aria-label={t('account.passkeys.removeNamed', { name: passkey.name })}
            onClick={() => setRemoved(passkey)}
          >
            {t('ui.remove')}
          </Button>
        ),
    },
  ];
  return (
    <Card>
      <CardTitle component="h2">{t('account.passkeys.title')}</CardTitle>
      <CardBody>
        <Content component="p">{t('account.passkeys.about')}</Content>
        {account.noPasskeys === '' ? null : <Alert isInline variant="info" title={account.noPasskeys} />}
        {error === null ? null : <Problem error={error} onRetry={() => void refetch()} />}
        {data.length === 0 ? null : (
          <DataTable
            label={t('account.passkeys.title')}
            columns={columns}
            rows={data}
            keyOf={({ id }) => id}
          />
        )}
        {account.noPasskeys !== '' ? null : canMakePasskeys() ? (
          <Button variant="secondary" onClick={() => setAdding(true)}>
            {t('account.passkeys.add')}
          </Button>
        ) : (
          t('account.passkeys.oldBrowser')
        )}
        {isAdding ? <AddDialog account={account} onClose={() => setAdding(false)} /> : null}
        {removed === undefined ? null : (
          <RemoveDialog account={account} passkey={removed} onClose={() => setRemoved(undefined)} />
        )}
      </CardBody>
    </Card>
  );
};
