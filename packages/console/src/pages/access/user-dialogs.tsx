// What an administrator does with the sign-in of somebody: a password, a link that serves once, groups.
import type { Group } from '@drover/api';
import { groups as groupKind } from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { controllerAddress } from '../../api/address.ts';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { CheckField, ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SecretOnce } from '../../ui/secret-once.tsx';
import { confirmDone } from '../../ui/toasts.tsx';

interface DialogProps {
  readonly name: string;
  readonly onClose: () => void;
}

export const PasswordDialog = ({ name, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    await client.setPassword(name, password);
    confirmDone(t('access.users.passwordSet', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={t('access.users.passwordTitle', { name })}
      description={t('access.users.passwordHelp')}
      action={t('access.users.setPassword')}
      isReady={password !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={t('access.users.newPassword')}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        isRequired
      />
    </FormDialog>
  );
};

const lives = [
  ['900', 'quarter'],
  ['86400', 'day'],
  ['604800', 'week'],
] as const;

export const LinkDialog = ({ name, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const [seconds, setSeconds] = useState('900');
  const [link, setLink] = useState('');
  const submit = async (): Promise<void> => {
    const { path } = await client.createLink(name, Number(seconds));
    setLink(`${controllerAddress}${path}`);
  };
  if (link !== '')
    return (
      <SecretOnce
        title={t('access.users.linkTitle', { name })}
        label={t('access.users.link')}
        secret={link}
        onClose={onClose}
      >
        {t('access.users.linkMade', { name })}
      </SecretOnce>
    );
  return (
    <FormDialog
      title={t('access.users.linkTitle', { name })}
      description={t('access.users.linkHelp')}
      action={t('access.users.makeLink')}
      onSubmit={submit}
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

const groupName = ({ metadata }: Group): string => metadata.name ?? '';

/** I1: a group that somebody changed meanwhile is not overwritten: its version goes along. */
const setMember = (group: Group, user: string, isMember: boolean): Promise<unknown> => {
  const others = group.spec.members.filter((member) => member !== user);
  const members = isMember ? [...others, user] : others;
  const { resourceVersion } = group.metadata;
  return client.patch(groupKind, groupName(group), {
    type: 'merge',
    body: { metadata: { resourceVersion }, spec: { members } },
  });
};

export const UserGroupsDialog = ({ name, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const { items } = useLive(groupKind);
  const [changed, setChanged] = useState<Readonly<Record<string, boolean>>>({});
  const isMember = (group: Group): boolean => changed[groupName(group)] ?? group.spec.members.includes(name);
  const submit = async (): Promise<void> => {
    for (const group of items)
      if (isMember(group) !== group.spec.members.includes(name))
        await setMember(group, name, isMember(group));
    confirmDone(t('access.saved', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={t('access.users.groupsTitle', { name })}
      description={items.length === 0 ? t('access.groups.empty') : t('access.users.groupsHelp')}
      action={t('ui.save')}
      isReady={items.length > 0}
      onSubmit={submit}
      onClose={onClose}
    >
      {items.map((group) => (
        <CheckField
          key={groupName(group)}
          label={groupName(group)}
          help={group.spec.displayName ?? ''}
          value={isMember(group)}
          onChange={(value) => setChanged((before) => ({ ...before, [groupName(group)]: value }))}
        />
      ))}
    </FormDialog>
  );
};
