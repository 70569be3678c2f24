// What can be done with one user.
import type { User } from '@drover/api';
import { groups as groupKind, users as userKind } from '@drover/client/kinds';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCanAll } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { MenuAction } from '../../ui/row-menu.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { WholeObject } from './object-row.tsx';
import { LinkDialog, PasswordDialog, UserGroupsDialog } from './user-dialogs.tsx';
import { UserForm } from './user-form.tsx';

/** What is lost, by what is done. */
const useConfirmations = (name: string) => {
  const { t } = useTranslation();
  const asked = (
    what: 'delete' | 'disable' | 'reset' | 'revoke',
    run: () => Promise<unknown>,
  ): Confirmation => ({
    title: t(`access.users.${what}.title`, { name }),
    body: t(`access.users.${what}.body`, { name }),
    action: t(`access.users.${what}.action`),
    run: async () => {
      await run();
      confirmDone(t(`access.users.${what}.done`, { name }));
    },
  });
  const setDisabled = (disabled: boolean) =>
    client.patch(userKind, name, { type: 'merge', body: { spec: { disabled } } });
  return {
    setDisabled,
    remove: asked('delete', () => client.delete(userKind, name)),
    disable: asked('disable', () => setDisabled(true)),
    reset: asked('reset', () => client.resetSecondFactor(name)),
    revoke: asked('revoke', () => client.revokeOf(name)),
  };
};

export const UserMenuItems = ({
  user,
  onDialog,
}: {
  readonly user: User;
  readonly onDialog: (dialog: ReactNode) => void;
}) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const name = user.metadata.name ?? '';
  const [edit, password, link, revoke, reset, remove, group] = useCanAll([
    can.any('patch', userKind, undefined, name),
    can.setPassword(name),
    can.makeLink(name),
    can.revokeCredentials(name),
    can.resetSecondFactor(name),
    can.any('delete', userKind, undefined, name),
    can.any('patch', groupKind),
  ]);
  const ask = useConfirmations(name);
  const close = (): void => onDialog(null);
  const confirm = (asked: Confirmation): void => onDialog(<Confirm asked={asked} onClose={close} />);
  const enable = async (): Promise<void> => {
    await ask.setDisabled(false);
    confirmDone(t('access.users.enabled', { name }));
  };
  return (
    <>
      <MenuAction
        title={t('ui.edit')}
        able={edit}
        onClick={() => onDialog(<UserForm user={user} onClose={close} />)}
      />
      <MenuAction
        title={t('access.users.changeGroups')}
        able={group}
        onClick={() => onDialog(<UserGroupsDialog name={name} onClose={close} />)}
      />
      <MenuAction
        title={t('access.users.setPassword')}
        able={password}
        onClick={() => onDialog(<PasswordDialog name={name} onClose={close} />)}
      />
      <MenuAction
        title={t('access.users.makeLink')}
        able={link}
        onClick={() => onDialog(<LinkDialog name={name} onClose={close} />)}
      />
      <MenuAction
        title={t('access.explain.open')}
        onClick={() => void navigate(paths.explainAccess(`User:${name}`))}
      />
      <WholeObject kind={userKind} object={user} />
      <MenuAction
        title={t('access.users.reset.action')}
        able={reset}
        isDanger
        onClick={() => confirm(ask.reset)}
      />
      <MenuAction
        title={t('access.users.revoke.action')}
        able={revoke}
        isDanger
        onClick={() => confirm(ask.revoke)}
      />
      {user.spec.disabled ? (
        <MenuAction title={t('access.users.enable')} able={edit} onClick={() => void enable()} />
      ) : (
        <MenuAction
          title={t('access.users.disable.action')}
          able={edit}
          isDanger
          onClick={() => confirm(ask.disable)}
        />
      )}
      <MenuAction
        title={t('access.users.delete.action')}
        able={remove}
        isDanger
        onClick={() => confirm(ask.remove)}
      />
    </>
  );
};
