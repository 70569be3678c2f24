// Changes one's own password.
import type { OwnAccount } from '@drover/client';
import { Button, Card, CardBody, CardTitle, Content } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAskAnew } from './own.ts';
import { PasswordAsked } from './password-asked.tsx';

const PasswordDialog = ({
  account,
  onClose,
}: {
  readonly account: OwnAccount;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const submit = async (): Promise<void> => {
    if (password !== again) throw new Error(t('account.password.differ'));
    await client.changePassword(current, password);
    await askAnew();
    confirmDone(t('account.password.changed'));
    onClose();
  };
  return (
    <FormDialog
      title={t('account.password.change')}
      description={t('account.password.help')}
      action={t('account.password.change')}
      isReady={password !== '' && again !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <PasswordAsked account={account} value={current} onChange={setCurrent} />
      <TextField
        label={t('account.password.new')}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        isRequired
      />
      <TextField
        label={t('account.password.again')}
        type="password"
        autoComplete="new-password"
        value={again}
        onChange={setAgain}
        isRequired
      />
    </FormDialog>
  );
};

export const Password = ({ account }: { readonly account: OwnAccount }) => {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <Card>
      <CardTitle component="h2">{t('account.password.title')}</CardTitle>
      <CardBody>
        <Content component="p">
          {t(account.password ? 'account.password.there' : 'account.password.none')}
        </Content>
        {account.password ? (
          <Button variant="secondary" onClick={() => setOpen(true)}>
            {t('account.password.change')}
          </Button>
        ) : null}
        {isOpen ? <PasswordDialog account={account} onClose={() => setOpen(false)} /> : null}
      </CardBody>
    </Card>
  );
};
