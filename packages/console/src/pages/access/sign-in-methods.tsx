// Providers (OpenID Connect) and directories (LDAP) that say who people are.
import type { SignInMethod } from '@drover/api';
import { signInMethods as methodKind } from '@drover/client/kinds';
import { Label } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { MenuAction } from '../../ui/row-menu.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { MethodForm } from './method-form.tsx';
import { nameOf, ObjectMenu, useDialog } from './object-row.tsx';

const typeOf = ({ spec }: SignInMethod): 'oidc' | 'ldap' => (spec.oidc === undefined ? 'ldap' : 'oidc');
const addressOf = ({ spec }: SignInMethod): string => spec.oidc?.issuer ?? spec.ldap?.url ?? '';

const Toggle = ({ method }: { readonly method: SignInMethod }) => {
  const { t } = useTranslation();
  const name = nameOf(method);
  const able = useCan(can.any('patch', methodKind, undefined, name));
  const disabled = !method.spec.disabled;
  const toggle = async (): Promise<void> => {
    await client.patch(methodKind, name, { type: 'merge', body: { spec: { disabled } } });
    confirmDone(t(disabled ? 'access.methods.disabledDone' : 'access.methods.enabledDone', { name }));
  };
  return (
    <MenuAction
      title={t(disabled ? 'access.methods.disable' : 'access.methods.enable')}
      able={able}
      onClick={() => void toggle()}
    />
  );
};

export const SignInMethods = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(methodKind);
  const { dialog, show, close } = useDialog();
  const mayCreate = useCan(can.any('create', methodKind));
  const columns: readonly Column<SignInMethod>[] = [
    { key: 'name', title: t('ui.name'), sortBy: nameOf, show: nameOf },
    {
      key: 'display',
      title: t('access.displayName'),
      sortBy: ({ spec }) => spec.displayName ?? '',
      show: ({ spec }) => spec.displayName ?? '',
    },
    {
      key: 'type',
      title: t('access.methods.type'),
      sortBy: typeOf,
      show: (method) => t(`access.methods.${typeOf(method)}`),
    },
    { key: 'address', title: t('access.methods.address'), sortBy: addressOf, show: addressOf },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: ({ spec }) => String(spec.disabled),
      show: ({ spec }) => (
        <Label isCompact status={spec.disabled ? 'warning' : 'success'}>
          {t(spec.disabled ? 'access.users.disabled' : 'access.users.active')}
        </Label>
      ),
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (method) => (
        <ObjectMenu
          kind={methodKind}
          object={method}
          loses={t('access.methods.loses', { name: nameOf(method) })}
          onDialog={show}
          onEdit={() => show(<MethodForm method={method} onClose={close} />)}
        >
          <Toggle method={method} />
        </ObjectMenu>
      ),
    },
  ];
  return (
    <>
      <ListView
        label={t('access.tabs.methods')}
        rows={items}
        state={state}
        error={error}
        retry={retry}
        columns={columns}
        keyOf={nameOf}
        filterLabel={t('access.methods.filter')}
        textsOf={(method) => [
          nameOf(method),
          method.spec.displayName ?? '',
          addressOf(method),
          typeOf(method),
        ]}
        emptyTitle={t('access.methods.empty')}
        emptyBody={t('access.methods.emptyBody')}
        actions={
          <ActionButton able={mayCreate} onClick={() => show(<MethodForm onClose={close} />)}>
            {t('access.methods.create')}
          </ActionButton>
        }
      />
      {dialog}
    </>
  );
};
