// Makes a user, or changes what is said of one.
import type { User } from '@drover/api';
import { users as userKind } from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { CheckField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';

export const UserForm = ({ user, onClose }: { readonly user?: User; readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const [name, setName] = useState(user?.metadata.name ?? '');
  const [displayName, setDisplayName] = useState(user?.spec.displayName ?? '');
  const [email, setEmail] = useState(user?.spec.email ?? '');
  const [asksMore, setAsksMore] = useState(user?.spec.requireSecondFactor ?? false);
  const submit = async (): Promise<void> => {
    const spec = { displayName: displayName || null, email: email || null, requireSecondFactor: asksMore };
    if (user === undefined) {
      const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
      const { apiVersion, kind } = { apiVersion: 'drover.dev/v1alpha1', kind: 'User' };
      await client.create(userKind, { apiVersion, kind, metadata: { name }, spec: given });
      confirmDone(t('access.users.created', { name }));
    } else {
      await client.patch(userKind, name, { type: 'merge', body: { spec } });
      confirmDone(t('access.saved', { name }));
    }
    onClose();
  };
  return (
    <FormDialog
      title={user === undefined ? t('access.users.create') : t('access.users.editTitle', { name })}
      description={user === undefined ? t('access.users.createHelp') : undefined}
      action={user === undefined ? t('ui.create') : t('ui.save')}
      isReady={name !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      {user === undefined ? (
        <TextField label={t('access.users.name')} value={name} onChange={setName} isRequired />
      ) : null}
      <TextField label={t('access.displayName')} value={displayName} onChange={setDisplayName} />
      <TextField label={t('access.users.email')} value={email} onChange={setEmail} />
      <CheckField
        label={t('access.requireSecondFactor')}
        help={t('access.users.requireHelp')}
        value={asksMore}
        onChange={setAsksMore}
      />
    </FormDialog>
  );
};
