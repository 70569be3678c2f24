// Service accounts: who programs are, and the tokens by which they prove it.
import type { ServiceAccount } from '@drover/api';
import { serviceAccounts as accountKind, namespaces as namespaceKind } from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { MenuAction } from '../../ui/row-menu.tsx';
import { SecretOnce } from '../../ui/secret-once.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { nameOf, ObjectMenu, useDialog } from './object-row.tsx';

const namespaceOf = ({ metadata }: ServiceAccount): string => metadata.namespace ?? '';
const titleOf = (account: ServiceAccount): string => `${namespaceOf(account)}/${nameOf(account)}`;

const AccountForm = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { items: namespaces } = useLive(namespaceKind);
  const [name, setName] = useState('');
  const [namespace, setNamespace] = useState('default');
  const submit = async (): Promise<void> => {
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
    await client.create(accountKind, object, { namespace });
    confirmDone(t('access.saved', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={t('access.accounts.create')}
      action={t('ui.create')}
      isReady={name !== '' && namespace !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField label={t('access.accounts.name')} value={name} onChange={setName} isRequired />
      <TextField
        label={t('ui.namespace')}
        value={namespace}
        onChange={setNamespace}
        suggestions={namespaces.map(nameOf)}
        isRequired
      />
    </FormDialog>
  );
};

const lives = [
  ['3600', 'hour'],
  ['86400', 'day'],
  ['2592000', 'month'],
  ['31536000', 'year'],
] as const;

const TokenDialog = ({
  account,
  onClose,
}: {
  readonly account: ServiceAccount;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [seconds, setSeconds] = useState('2592000');
  const [token, setToken] = useState('');
  const of = { namespace: namespaceOf(account), name: nameOf(account) };
  const title = t('access.accounts.tokenTitle', { name: titleOf(account) });
  if (token !== '')
    return (
      <SecretOnce title={title} label={t('access.accounts.token')} secret={token} onClose={onClose}>
        {t('access.accounts.tokenUse')}
      </SecretOnce>
    );
  return (
    <FormDialog
      title={title}
      action={t('access.accounts.makeToken')}
      onSubmit={async () => setToken(await client.createAccountToken(of, Number(seconds)))}
      onClose={onClose}
    >
      <ChoiceField
        label={t('access.validFor')}
        value={seconds}
        onChange={setSeconds}
        options={lives.map(([value, life]) => ({ value, label: t(`access.lives.${life}`) }))}
      />
    </FormDialog>
  );
};

/** Made when the menu is opened: it asks for leave. */
const TokenAction = ({
  account,
  onClick,
}: {
  readonly account: ServiceAccount;
  readonly onClick: () => void;
}) => {
  const { t } = useTranslation();
  const able = useCan(can.makeAccountToken(namespaceOf(account), nameOf(account)));
  return <MenuAction title={t('access.accounts.makeToken')} able={able} onClick={onClick} />;
};

export const Accounts = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(accountKind);
  const { dialog, show, close } = useDialog();
  const mayCreate = useCan(can.any('create', accountKind, 'default'));
  const columns: readonly Column<ServiceAccount>[] = [
    { key: 'name', title: t('ui.name'), sortBy: nameOf, show: nameOf },
    { key: 'namespace', title: t('ui.namespace'), sortBy: namespaceOf, show: namespaceOf },
    {
      key: 'user',
      title: t('access.accounts.knownAs'),
      show: (account) => <code>{`system:serviceaccount:${namespaceOf(account)}:${nameOf(account)}`}</code>,
    },
    {
      key: 'age',
      title: t('ui.created'),
      sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
      show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (account) => (
        <ObjectMenu
          kind={accountKind}
          object={account}
          loses={t('access.accounts.loses', { name: titleOf(account) })}
          onDialog={show}
        >
          <TokenAction
            account={account}
            onClick={() => show(<TokenDialog account={account} onClose={close} />)}
          />
        </ObjectMenu>
      ),
    },
  ];
  return (
    <>
      <ListView
        label={t('access.tabs.accounts')}
        rows={items}
        state={state}
        error={error}
        retry={retry}
        columns={columns}
        keyOf={titleOf}
        filterLabel={t('access.accounts.filter')}
        textsOf={(account) => [nameOf(account), namespaceOf(account)]}
        emptyTitle={t('access.accounts.empty')}
        emptyBody={t('access.accounts.emptyBody')}
        actions={
          <ActionButton able={mayCreate} onClick={() => show(<AccountForm onClose={close} />)}>
            {t('access.accounts.create')}
          </ActionButton>
        }
      />
      {dialog}
    </>
  );
};
