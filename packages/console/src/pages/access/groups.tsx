// Users who get roles together.
import type { Group } from '@drover/api';
import { groups as groupKind, users as userKind } from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { AreaField, CheckField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { nameOf, ObjectMenu, useDialog } from './object-row.tsx';

const toLines = (text: string): readonly string[] => [
  ...new Set(
    text
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  ),
];

const GroupForm = ({ group, onClose }: { readonly group?: Group; readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { items: users } = useLive(userKind);
  const [name, setName] = useState(group === undefined ? '' : nameOf(group));
  const [displayName, setDisplayName] = useState(group?.spec.displayName ?? '');
  const [members, setMembers] = useState(group?.spec.members.join('\n') ?? '');
  const [asksMore, setAsksMore] = useState(group?.spec.requireSecondFactor ?? false);
  const named = toLines(members);
  const unknown = named.filter((member) => !users.some((user) => nameOf(user) === member));
  const submit = async (): Promise<void> => {
    const spec = { displayName, members: named, requireSecondFactor: asksMore };
    if (group === undefined)
      await client.create(groupKind, {
        apiVersion: 'drover.dev/v1alpha1',
        kind: 'Group',
        metadata: { name },
        spec,
      });
    else {
      const { resourceVersion } = group.metadata;
      await client.patch(groupKind, name, { type: 'merge', body: { metadata: { resourceVersion }, spec } });
    }
    confirmDone(t('access.saved', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={group === undefined ? t('access.groups.create') : t('access.groups.editTitle', { name })}
      action={group === undefined ? t('ui.create') : t('ui.save')}
      isReady={name !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      {group === undefined ? (
        <TextField label={t('access.groups.name')} value={name} onChange={setName} isRequired />
      ) : null}
      <TextField label={t('access.displayName')} value={displayName} onChange={setDisplayName} />
      <AreaField
        label={t('access.groups.members')}
        help={
          unknown.length === 0
            ? t('access.groups.membersHelp')
            : t('access.groups.unknown', { names: unknown.join(', ') })
        }
        value={members}
        onChange={setMembers}
      />
      <CheckField
        label={t('access.requireSecondFactor')}
        help={t('access.groups.requireHelp')}
        value={asksMore}
        onChange={setAsksMore}
      />
    </FormDialog>
  );
};

export const Groups = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(groupKind);
  const { dialog, show, close } = useDialog();
  const mayCreate = useCan(can.any('create', groupKind));
  const columns: readonly Column<Group>[] = [
    { key: 'name', title: t('ui.name'), sortBy: nameOf, show: nameOf },
    {
      key: 'display',
      title: t('access.displayName'),
      sortBy: ({ spec }) => spec.displayName ?? '',
      show: ({ spec }) => spec.displayName ?? '',
    },
    {
      key: 'members',
      title: t('access.groups.members'),
      sortBy: ({ spec }) => spec.members.length,
      show: ({ spec }) => spec.members.join(', ') || t('ui.none'),
    },
    {
      key: 'factor',
      title: t('access.requireSecondFactor'),
      show: ({ spec }) => (spec.requireSecondFactor ? t('ui.yes') : t('ui.no')),
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (group) => (
        <ObjectMenu
          kind={groupKind}
          object={group}
          loses={t('access.groups.loses', { count: group.spec.members.length })}
          onDialog={show}
          onEdit={() => show(<GroupForm group={group} onClose={close} />)}
        />
      ),
    },
  ];
  return (
    <>
      <ListView
        label={t('access.tabs.groups')}
        rows={items}
        state={state}
        error={error}
        retry={retry}
        columns={columns}
        keyOf={nameOf}
        filterLabel={t('access.groups.filter')}
        textsOf={(group) => [nameOf(group), group.spec.displayName ?? '', ...group.spec.members]}
        emptyTitle={t('access.groups.empty')}
        emptyBody={t('access.groups.emptyBody')}
        actions={
          <ActionButton able={mayCreate} onClick={() => show(<GroupForm onClose={close} />)}>
            {t('access.groups.create')}
          </ActionButton>
        }
      />
      {dialog}
    </>
  );
};
