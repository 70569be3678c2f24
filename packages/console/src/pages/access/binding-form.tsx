// Gives somebody a role: who, which, and where.
import {
  clusterRoleBindings,
  clusterRoles as clusterRoleKind,
  namespaces as namespaceKind,
  roleBindings,
  roles as roleKind,
} from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useAccess } from './facts.ts';
import { titleOf, type Who } from './model.ts';
import { nameOf } from './object-row.tsx';

const rbac = 'rbac.authorization.k8s.io';
const kinds = ['User', 'Group', 'ServiceAccount'] as const satisfies readonly Who['kind'][];
const everywhere = '';

interface Wish {
  readonly kind: Who['kind'];
  readonly who: string;
  readonly role: string;
  readonly namespace: string;
}

const toSubject = ({ kind, who }: Wish): object => {
  if (kind !== 'ServiceAccount') return { kind, apiGroup: rbac, name: who };
  const [namespace = '', name = ''] = who.includes('/') ? who.split('/') : ['default', who];
  return { kind, namespace, name };
};

/** 'Role/reader' or 'ClusterRole/view'. */
const toBinding = (wish: Wish): object => {
  const [kind = '', role = ''] = wish.role.split('/');
  return {
    apiVersion: `${rbac}/v1`,
    kind: wish.namespace === everywhere ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { generateName: `${role.replace(/[^a-z0-9.-]/gi, '-')}-` },
    subjects: [toSubject(wish)],
    roleRef: { apiGroup: rbac, kind, name: role },
  };
};

const create = async (wish: Wish): Promise<void> => {
  if (wish.namespace === everywhere) await client.create(clusterRoleBindings, toBinding(wish));
  else await client.create(roleBindings, toBinding(wish), { namespace: wish.namespace });
};

const useRoleOptions = (namespace: string) => {
  const { items: clusterRoles } = useLive(clusterRoleKind);
  const { items: roles } = useLive(roleKind);
  const within = roles.filter(({ metadata }) => metadata.namespace === namespace);
  return [
    ...clusterRoles.map((role) => ({ value: `ClusterRole/${nameOf(role)}`, label: nameOf(role) })),
    ...within.map((role) => ({ value: `Role/${nameOf(role)}`, label: `${nameOf(role)} (${namespace})` })),
  ];
};

export const BindingForm = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const { model } = useAccess();
  const { items: namespaces } = useLive(namespaceKind);
  const [wish, setWish] = useState<Wish>({
    kind: 'User',
    who: '',
    role: 'ClusterRole/view',
    namespace: everywhere,
  });
  const set = (change: Partial<Wish>): void => setWish({ ...wish, ...change });
  const options = useRoleOptions(wish.namespace);
  const submit = async (): Promise<void> => {
    await create(wish);
    confirmDone(t('access.bindings.created', { who: wish.who, role: wish.role.split('/')[1] }));
    onClose();
  };
  return (
    <FormDialog
      title={t('access.bindings.create')}
      action={t('access.bindings.give')}
      isReady={wish.who !== '' && options.some(({ value }) => value === wish.role)}
      onSubmit={submit}
      onClose={onClose}
    >
      <ChoiceField
        label={t('access.bindings.kind')}
        value={wish.kind}
        onChange={(kind) => set({ kind: kinds.find((one) => one === kind) ?? 'User' })}
        options={kinds.map((kind) => ({ value: kind, label: t(`access.kinds.${kind}`) }))}
      />
      <TextField
        label={t('access.bindings.who')}
        {...(wish.kind === 'ServiceAccount' ? { help: t('access.bindings.accountHelp') } : {})}
        value={wish.who}
        onChange={(who) => set({ who })}
        suggestions={model.subjects.filter(({ kind }) => kind === wish.kind).map(titleOf)}
        isRequired
      />
      <ChoiceField
        label={t('access.bindings.where')}
        value={wish.namespace}
        onChange={(namespace) => set({ namespace })}
        options={[
          { value: everywhere, label: t('access.everywhere') },
          ...namespaces.map((one) => ({ value: nameOf(one), label: nameOf(one) })),
        ]}
      />
      <ChoiceField
        label={t('access.bindings.role')}
        value={wish.role}
        onChange={(role) => set({ role })}
        options={options}
      />
    </FormDialog>
  );
};
