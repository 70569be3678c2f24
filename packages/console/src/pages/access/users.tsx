// The people who sign in.
import type { User } from '@drover/api';
import { users as userKind } from '@drover/client/kinds';
import { Button, Label, LabelGroup } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { RowMenu } from '../../ui/row-menu.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';
import { useAccess } from './facts.ts';
import type { AccessModel } from './model.ts';
import { UserForm } from './user-form.tsx';
import { UserMenuItems } from './user-menu-items.tsx';
import { UserPanel } from './user-panel.tsx';

const nameOf = ({ metadata }: User): string => metadata.name ?? '';

const waysIn = ({ status }: User): readonly string[] => {
  const { password = false, totp = false, passkeys = 0 } = status?.signIn ?? {};
  return [...(password ? ['password'] : []), ...(totp ? ['totp'] : []), ...(passkeys > 0 ? ['passkey'] : [])];
};

const WaysIn = ({ user }: { readonly user: User }) => {
  const { t } = useTranslation();
  const own = waysIn(user);
  const others = user.status?.identities ?? [];
  if (own.length + others.length === 0) return <>{t('access.users.noWay')}</>;
  return (
    <LabelGroup aria-label={t('access.users.signIn')}>
      {own.map((way) => (
        <Label key={way} isCompact>
          {t(`access.ways.${way as 'password' | 'totp' | 'passkey'}`)}
        </Label>
      ))}
      {others.map(({ method, subject }) => (
        <Label key={`${method}/${subject}`} isCompact color="blue">
          {method}
        </Label>
      ))}
    </LabelGroup>
  );
};

const State = ({ user }: { readonly user: User }) => {
  const { t } = useTranslation();
  return user.spec.disabled ? (
    <Label isCompact status="warning">
      {t('access.users.disabled')}
    </Label>
  ) : (
    <Label isCompact status="success">
      {t('access.users.active')}
    </Label>
  );
};

const useColumns = (
  model: AccessModel,
  onOpen: (name: string) => void,
  onDialog: (dialog: ReactNode) => void,
): readonly Column<User>[] => {
  const { t } = useTranslation();
  const groupsOf = (user: User): readonly string[] =>
    model.groupsOf({ kind: 'User', name: nameOf(user) }).filter((group) => group !== 'system:authenticated');
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (user) => (
        <Button variant="link" isInline onClick={() => onOpen(nameOf(user))}>
          {nameOf(user)}
        </Button>
      ),
    },
    {
      key: 'display',
      title: t('access.displayName'),
      sortBy: ({ spec }) => spec.displayName ?? '',
      show: ({ spec }) => spec.displayName ?? '',
    },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: ({ spec }) => String(spec.disabled),
      show: (user) => <State user={user} />,
    },
    {
      key: 'groups',
      title: t('access.tabs.groups'),
      sortBy: (user) => groupsOf(user).join(' '),
      show: (user) => groupsOf(user).join(', '),
    },
    { key: 'ways', title: t('access.users.signIn'), show: (user) => <WaysIn user={user} /> },
    {
      key: 'last',
      title: t('access.users.lastSignIn'),
      sortBy: ({ status }) => status?.lastSignIn ?? '',
      show: ({ status }) => <Age at={status?.lastSignIn} />,
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (user) => (
        <RowMenu label={t('ui.actionsFor', { name: nameOf(user) })}>
          <UserMenuItems user={user} onDialog={onDialog} />
        </RowMenu>
      ),
    },
  ];
};

export const Users = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(userKind);
  const { model } = useAccess();
  const [open, setOpen] = useParameter('user');
  const [dialog, setDialog] = useState<ReactNode>(null);
  const columns = useColumns(model, setOpen, setDialog);
  const mayCreate = useCan(can.any('create', userKind));
  const shown = items.find((user) => nameOf(user) === open);
  const create = (
    <ActionButton able={mayCreate} onClick={() => setDialog(<UserForm onClose={() => setDialog(null)} />)}>
      {t('access.users.create')}
    </ActionButton>
  );
  return (
    <SidePanel
      title={open}
      onClose={() => setOpen('')}
      panel={
        shown === undefined ? undefined : (
          <UserPanel key={open} user={shown} model={model} onDialog={setDialog} />
        )
      }
    >
      <ListView
        label={t('access.tabs.users')}
        rows={items}
        state={state}
        error={error}
        retry={retry}
        columns={columns}
        keyOf={nameOf}
        filterLabel={t('access.users.filter')}
        textsOf={(user) => [
          nameOf(user),
          user.spec.displayName ?? '',
          user.spec.email ?? '',
          ...waysIn(user),
        ]}
        emptyTitle={t('access.users.empty')}
        emptyBody={t('access.users.emptyBody')}
        actions={create}
      />
      {dialog}
    </SidePanel>
  );
};
