// Who has which role, and where.
import { clusterRoleBindings, roleBindings } from '@drover/client/kinds';
import { Label, LabelGroup } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { joinLive, useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { BindingForm } from './binding-form.tsx';
import { type AnyBinding, titleOf, type Who } from './model.ts';
import { nameOf, ObjectMenu, useDialog } from './object-row.tsx';

const namespaceOf = ({ metadata }: AnyBinding): string => metadata.namespace ?? '';
const keyOf = (binding: AnyBinding): string => `${namespaceOf(binding)}/${nameOf(binding)}`;
const subjectsOf = ({ subjects = [] }: AnyBinding): readonly Who[] => subjects;

const Subjects = ({ binding }: { readonly binding: AnyBinding }) => {
  const { t } = useTranslation();
  return (
    <LabelGroup numLabels={5} aria-label={t('access.bindings.who')}>
      {subjectsOf(binding).map((who) => (
        <Label key={`${who.kind}/${titleOf(who)}`} isCompact>
          {`${t(`access.kinds.${who.kind}`)} ${titleOf(who)}`}
        </Label>
      ))}
    </LabelGroup>
  );
};

export const Bindings = () => {
  const { t } = useTranslation();
  const { items: rows, ...live } = joinLive<AnyBinding>([
    useLive(clusterRoleBindings),
    useLive(roleBindings),
  ]);
  const { dialog, show, close } = useDialog();
  const mayCreate = useCan(can.any('create', clusterRoleBindings));
  const columns: readonly Column<AnyBinding>[] = [
    { key: 'name', title: t('ui.name'), sortBy: nameOf, show: nameOf },
    { key: 'who', title: t('access.bindings.who'), show: (binding) => <Subjects binding={binding} /> },
    {
      key: 'role',
      title: t('access.bindings.role'),
      sortBy: ({ roleRef }) => roleRef.name,
      show: ({ roleRef }) => <Link to={paths.access('roles', roleRef.name)}>{roleRef.name}</Link>,
    },
    {
      key: 'where',
      title: t('access.bindings.where'),
      sortBy: namespaceOf,
      show: (binding) => namespaceOf(binding) || t('access.everywhere'),
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
      show: (binding) => (
        <ObjectMenu
          kind={namespaceOf(binding) === '' ? clusterRoleBindings : roleBindings}
          object={binding}
          loses={t('access.bindings.loses', {
            who: subjectsOf(binding).map(titleOf).join(', '),
            role: binding.roleRef.name,
          })}
          onDialog={show}
        />
      ),
    },
  ];
  return (
    <>
      <ListView
        label={t('access.tabs.bindings')}
        rows={rows}
        {...live}
        columns={columns}
        keyOf={keyOf}
        filterLabel={t('access.bindings.filter')}
        textsOf={(binding) => [
          nameOf(binding),
          namespaceOf(binding),
          binding.roleRef.name,
          ...subjectsOf(binding).map(titleOf),
        ]}
        emptyTitle={t('access.bindings.empty')}
        actions={
          <ActionButton able={mayCreate} onClick={() => show(<BindingForm onClose={close} />)}>
            {t('access.bindings.create')}
          </ActionButton>
        }
      />
      {dialog}
    </>
  );
};
