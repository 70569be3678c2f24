// Makes a role, perhaps from one that is there, or changes its rules.
import type { ClusterRole, PolicyRule, Role } from '@drover/api';
import {
  clusterRoles as clusterRoleKind,
  namespaces as namespaceKind,
  roles as roleKind,
} from '@drover/client/kinds';
import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { nameOf } from './object-row.tsx';
import { type Draft, emptyDraft, isWhole, RuleFields, toDraft, toRule } from './rule-fields.tsx';

const everywhere = '';

interface RoleFormProps {
  /** The role that is changed, or from which a new one begins. */
  readonly of?: Role | ClusterRole;
  readonly isNew: boolean;
  readonly onClose: () => void;
}

const save = async (
  { of, isNew }: RoleFormProps,
  {
    name,
    namespace,
    rules,
  }: { readonly name: string; readonly namespace: string; readonly rules: PolicyRule[] },
): Promise<void> => {
  const kind = namespace === everywhere ? clusterRoleKind : roleKind;
  const at = namespace === everywhere ? {} : { namespace };
  if (!isNew && of !== undefined) {
    const { resourceVersion } = of.metadata;
    const body = { metadata: { resourceVersion }, rules };
    await client.patch(kind as typeof clusterRoleKind, name, { type: 'merge', body }, at); // the same fields, but one
    return;
  }
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await client.create(
    kind as typeof clusterRoleKind, // see above
    { apiVersion, kind: kind.kind, metadata: { name, ...at }, rules },
    at,
  );
};

export const RoleForm = (props: RoleFormProps) => {
  const { of, isNew, onClose } = props;
  const { t } = useTranslation();
  const { items: namespaces } = useLive(namespaceKind);
  const { items: ready } = useLive(clusterRoleKind);
  const [name, setName] = useState(isNew || of === undefined ? '' : nameOf(of));
  const [namespace, setNamespace] = useState(of?.metadata.namespace ?? everywhere);
  const [from, setFrom] = useState(of === undefined ? '' : nameOf(of));
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => of?.rules?.map(toDraft) ?? [emptyDraft()]);
  const begin = (role: string): void => {
    setFrom(role);
    setDrafts(ready.find((one) => nameOf(one) === role)?.rules?.map(toDraft) ?? [emptyDraft()]);
  };
  const submit = async (): Promise<void> => {
    await save(props, { name, namespace, rules: drafts.map(toRule) });
    confirmDone(t('access.saved', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={isNew ? t('access.roles.create') : t('access.roles.editTitle', { name })}
      action={isNew ? t('ui.create') : t('ui.save')}
      isReady={name !== '' && drafts.every(isWhole)}
      onSubmit={submit}
      onClose={onClose}
    >
      {isNew ? (
        <>
          <TextField label={t('access.roles.name')} value={name} onChange={setName} isRequired />
          <ChoiceField
            label={t('access.roles.scope')}
            value={namespace}
            onChange={setNamespace}
            options={[
              { value: everywhere, label: t('access.roles.forAll') },
              ...namespaces.map((one) => ({ value: nameOf(one), label: nameOf(one) })),
            ]}
          />
          <ChoiceField
            label={t('access.roles.from')}
            value={from}
            onChange={begin}
            options={[
              { value: '', label: t('access.roles.fromNothing') },
              ...ready.map((one) => ({ value: nameOf(one), label: nameOf(one) })),
            ]}
          />
        </>
      ) : null}
      {drafts.map((draft) => (
        <RuleFields
          key={draft.id}
          draft={draft}
          onChange={(changed) => setDrafts(drafts.map((one) => (one.id === draft.id ? changed : one)))}
          onRemove={() => setDrafts(drafts.filter((one) => one.id !== draft.id))}
        />
      ))}
      <Button variant="link" isInline onClick={() => setDrafts([...drafts, emptyDraft()])}>
        {t('access.roles.addRule')}
      </Button>
    </FormDialog>
  );
};
