// Roles and what they allow, in words.
import type { ClusterRole, Role } from '@drover/api';
import { clusterRoles as clusterRoleKind, roles as roleKind } from '@drover/client/kinds';
import { Button, Label } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { joinLive, useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { MenuAction } from '../../ui/row-menu.tsx';
import { SidePanel } from '../../ui/side-panel.tsx';
import { nameOf, ObjectMenu, useDialog } from './object-row.tsx';
import { RoleForm } from './role-form.tsx';
import { RuleWords, useRuleWords } from './rule-words.tsx';

type AnyRole = Role | ClusterRole;

const namespaceOf = ({ metadata }: AnyRole): string => metadata.namespace ?? '';
const keyOf = (role: AnyRole): string => `${namespaceOf(role)}/${nameOf(role)}`;
const isReady = ({ metadata }: AnyRole): boolean =>
  metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';
const isGathered = (role: AnyRole): boolean =>
  'aggregationRule' in role && role.aggregationRule !== undefined;
const kindOf = (role: AnyRole) => (role.kind === 'Role' ? roleKind : clusterRoleKind);

export const Roles = () => {
  const { t } = useTranslation();
  const words = useRuleWords();
  const { items: rows, ...live } = joinLive<AnyRole>([useLive(clusterRoleKind), useLive(roleKind)]);
  const { dialog, show, close } = useDialog();
  const [open, setOpen] = useParameter('role');
  const mayCreate = useCan(can.any('create', clusterRoleKind));
  const shown = rows.find((role) => keyOf(role) === open);
  const columns: readonly Column<AnyRole>[] = [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (role) => (
        <Button variant="link" isInline onClick={() => setOpen(keyOf(role))}>
          {nameOf(role)}
        </Button>
      ),
    },
    {
      key: 'scope',
      title: t('access.roles.scope'),
      sortBy: namespaceOf,
      show: (role) => namespaceOf(role) || t('access.roles.forAll'),
    },
    {
      key: 'origin',
      title: t('access.roles.origin'),
      width: '8rem',
      sortBy: (role) => String(isReady(role)),
      show: (role) =>
        isReady(role) ? (
          <Label isCompact color="blue">
            {t('access.roles.ready')}
          </Label>
        ) : (
          t('access.roles.own')
        ),
    },
    {
      key: 'rules',
      title: t('access.roles.allows'),
      show: ({ rules = [] }) => {
        const [first] = rules;
        if (first === undefined) return t('access.rule.none');
        return rules.length === 1
          ? words(first)
          : t('access.roles.more', { first: words(first), count: rules.length - 1 });
      },
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (role) => (
        <ObjectMenu
          kind={kindOf(role)}
          object={role}
          loses={t('access.roles.loses')}
          onDialog={show}
          {...(isGathered(role)
            ? {}
            : { onEdit: () => show(<RoleForm of={role} isNew={false} onClose={close} />) })}
        >
          <MenuAction
            title={t('access.roles.copy')}
            able={mayCreate}
            onClick={() => show(<RoleForm of={role} isNew onClose={close} />)}
          />
        </ObjectMenu>
      ),
    },
  ];
  return (
    <SidePanel
      title={shown === undefined ? '' : nameOf(shown)}
      onClose={() => setOpen('')}
      panel={shown === undefined ? undefined : <RuleWords rules={shown.rules ?? []} />}
    >
      <ListView
        label={t('access.tabs.roles')}
        rows={rows}
        {...live}
        columns={columns}
        keyOf={keyOf}
        filterLabel={t('access.roles.filter')}
        textsOf={(role) => [nameOf(role), namespaceOf(role), ...(role.rules ?? []).map(words)]}
        emptyTitle={t('access.roles.empty')}
        actions={
          <ActionButton able={mayCreate} onClick={() => show(<RoleForm isNew onClose={close} />)}>
            {t('access.roles.create')}
          </ActionButton>
        }
      />
      {dialog}
    </SidePanel>
  );
};
