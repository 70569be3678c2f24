// The app with codes: its secret as a picture that the app reads, drawn here; the recovery codes, shown once; removal.
import type { OwnAccount } from '@drover/client';
import { Button, Card, CardBody, CardTitle, ClipboardCopy, Content, Flex } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import { client } from '../../api/client.ts';
import { TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SecretOnce } from '../../ui/secret-once.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAskAnew } from './own.ts';
import { PasswordAsked } from './password-asked.tsx';

interface DialogProps {
  readonly account: OwnAccount;
  readonly onClose: () => void;
}

/** Dark on light in both appearances: cameras want it so. */
const QrCode = ({ text, label }: { readonly text: string; readonly label: string }) => {
  const { size, data } = encode(text, { ecc: 'M', border: 4 });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} width="200" height="200">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
};

interface Begun {
  readonly secret: string;
  readonly url: string;
}

const Confirmed = ({
  begun,
  onConfirmed,
  onClose,
}: {
  readonly begun: Begun;
  readonly onConfirmed: (codes: readonly string[]) => void;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  return (
    <FormDialog
      title={t('account.totp.add')}
      description={t('account.totp.scan')}
      action={t('account.totp.confirm')}
      isReady={code !== ''}
      onSubmit={async () => onConfirmed((await client.confirmTotp(code)).recoveryCodes)}
      onClose={onClose}
    >
      <Flex justifyContent={{ default: 'justifyContentCenter' }}>
        <QrCode text={begun.url} label={t('account.totp.picture')} />
      </Flex>
      <ClipboardCopy
        isReadOnly
        isCode
        textAriaLabel={t('account.totp.secret')}
        hoverTip={t('ui.copy')}
        clickTip={t('ui.copied')}
      >
        {begun.secret}
      </ClipboardCopy>
      <TextField
        label={t('account.totp.code')}
        autoComplete="one-time-code"
        value={code}
        onChange={setCode}
        isRequired
      />
    </FormDialog>
  );
};

const AddDialog = ({ account, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const [password, setPassword] = useState('');
  const [begun, setBegun] = useState<Begun>();
  const [codes, setCodes] = useState<readonly string[]>();
  if (codes !== undefined)
    return (
      <SecretOnce
        title={t('account.totp.recovery')}
        label={t('account.totp.recovery')}
        secret={codes.join('\n')}
        onClose={() => void askAnew().then(onClose)}
      >
        {t('account.totp.recoveryHelp')}
      </SecretOnce>
    );
  if (begun !== undefined) return <Confirmed begun={begun} onConfirmed={setCodes} onClose={onClose} />;
  return (
    <FormDialog
      title={t('account.totp.add')}
      description={t('account.totp.about')}
      action={t('account.totp.begin')}
      onSubmit={async () => setBegun(await client.beginTotp(password))}
      onClose={onClose}
    >
      <PasswordAsked account={account} value={password} onChange={setPassword} />
    </FormDialog>
  );
};

const RemoveDialog = ({ account, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    await client.removeTotp(password);
    await askAnew();
    confirmDone(t('account.totp.removed'));
    onClose();
  };
  return (
    <FormDialog
      title={t('account.totp.removeTitle')}
      description={t('account.totp.loses')}
      action={t('ui.remove')}
      onSubmit={submit}
      onClose={onClose}
    >
      <PasswordAsked account={account} value={password} onChange={setPassword} />
    </FormDialog>
  );
};

export const Totp = ({ account }: { readonly account: OwnAccount }) => {
  const { t } = useTranslation();
  const [open, setOpen] = useState<'add' | 'remove'>();
  const close = (): void => setOpen(undefined);
  return (
    <Card>
      <CardTitle component="h2">{t('account.totp.title')}</CardTitle>
      <CardBody>
        <Content component="p">
          {account.totp ? t('account.totp.there', { count: account.recoveryCodes }) : t('account.totp.about')}
        </Content>
        <Flex>
          <Button variant="secondary" onClick={() => setOpen('add')}>
            {t(account.totp ? 'account.totp.replace' : 'account.totp.add')}
          </Button>
          {account.totp && !account.waits ? (
            <Button variant="link" isDanger onClick={() => setOpen('remove')}>
              {t('account.totp.remove')}
            </Button>
          ) : null}
        </Flex>
        {open === 'add' ? <AddDialog account={account} onClose={close} /> : null}
        {open === 'remove' ? <RemoveDialog account={account} onClose={close} /> : null}
      </CardBody>
    </Card>
  );
};
