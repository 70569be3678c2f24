// Makes or changes a sign-in method. Only the usual fields are asked for; others stay as they are, and are changed as YAML.
// I1: no secret is typed here: a Secret that holds it is named, as namespace/name/key.
import type { SignInMethod } from '@drover/api';
import { signInMethods as methodKind } from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { controllerAddress } from '../../api/address.ts';
import { client } from '../../api/client.ts';
import { AreaField, CheckField, ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { type MethodDraft, toDraft, toSpec } from './method-draft.ts';
import { nameOf } from './object-row.tsx';

type Set = (change: Partial<MethodDraft>) => void;
interface PartProps {
  readonly draft: MethodDraft;
  readonly set: Set;
}

const OidcFields = ({ draft, set }: PartProps) => {
  const { t } = useTranslation();
  return (
    <>
      <TextField
        label={t('access.methods.issuer')}
        placeholder="https://login.example.org/realms/staff"
        value={draft.address}
        onChange={(address) => set({ address })}
        isRequired
      />
      <TextField
        label={t('access.methods.clientId')}
        help={t('access.methods.redirect', {
          address: `${controllerAddress}/auth/oidc/${draft.name || '…'}/callback`,
        })}
        value={draft.clientId}
        onChange={(clientId) => set({ clientId })}
        isRequired
      />
      <TextField
        label={t('access.methods.clientSecret')}
        help={t('access.methods.secretHelp')}
        placeholder="default/corp/secret"
        value={draft.secret}
        onChange={(secret) => set({ secret })}
      />
    </>
  );
};

const LdapFields = ({ draft, set }: PartProps) => {
  const { t } = useTranslation();
  return (
    <>
      <TextField
        label={t('access.methods.url')}
        placeholder="ldaps://ldap.example.org"
        value={draft.address}
        onChange={(address) => set({ address })}
        isRequired
      />
      <CheckField
        label={t('access.methods.startTls')}
        value={draft.startTls}
        onChange={(startTls) => set({ startTls })}
      />
      <TextField
        label={t('access.methods.userBase')}
        placeholder="ou=people,dc=example,dc=org"
        value={draft.userBase}
        onChange={(userBase) => set({ userBase })}
        isRequired
      />
      <TextField
        label={t('access.methods.groupBase')}
        placeholder="ou=groups,dc=example,dc=org"
        value={draft.groupBase}
        onChange={(groupBase) => set({ groupBase })}
      />
      <TextField
        label={t('access.methods.bindDn')}
        value={draft.bindDn}
        onChange={(bindDn) => set({ bindDn })}
      />
      <TextField
        label={t('access.methods.bindPassword')}
        help={t('access.methods.secretHelp')}
        placeholder="default/ldap/password"
        value={draft.secret}
        onChange={(secret) => set({ secret })}
      />
    </>
  );
};

const isReady = ({ name, type, address, clientId, userBase }: MethodDraft): boolean =>
  name !== '' && address !== '' && (type === 'oidc' ? clientId : userBase) !== '';

export const MethodForm = ({
  method,
  onClose,
}: {
  readonly method?: SignInMethod;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(() => toDraft(method));
  const set: Set = (change) => setDraft((before) => ({ ...before, ...change }));
  const { name } = draft;
  const submit = async (): Promise<void> => {
    const spec = toSpec(draft, method);
    const object = { apiVersion: 'drover.dev/v1alpha1', kind: 'SignInMethod' };
    if (method === undefined) await client.create(methodKind, { ...object, metadata: { name }, spec });
    else await client.update(methodKind, name, { ...object, metadata: method.metadata, spec });
    confirmDone(t('access.saved', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={
        method === undefined
          ? t('access.methods.create')
          : t('access.methods.editTitle', { name: nameOf(method) })
      }
      action={method === undefined ? t('ui.create') : t('ui.save')}
      isReady={isReady(draft)}
      onSubmit={submit}
      onClose={onClose}
    >
      {method === undefined ? (
        <>
          <ChoiceField
            label={t('access.methods.type')}
            value={draft.type}
            onChange={(type) => set({ type: type === 'ldap' ? 'ldap' : 'oidc' })}
            options={[
              { value: 'oidc', label: t('access.methods.oidc') },
              { value: 'ldap', label: t('access.methods.ldap') },
            ]}
          />
          <TextField
            label={t('access.methods.name')}
            value={name}
            onChange={(text) => set({ name: text })}
            isRequired
          />
        </>
      ) : null}
      <TextField
        label={t('access.displayName')}
        help={t('access.methods.displayHelp')}
        value={draft.displayName}
        onChange={(displayName) => set({ displayName })}
      />
      {draft.type === 'oidc' ? (
        <OidcFields draft={draft} set={set} />
      ) : (
        <LdapFields draft={draft} set={set} />
      )}
      <TextField
        label={t('access.methods.groupPrefix')}
        value={draft.groupPrefix}
        onChange={(groupPrefix) => set({ groupPrefix })}
      />
      <CheckField
        label={t('access.methods.createUsers')}
        value={draft.createUsers}
        onChange={(createUsers) => set({ createUsers })}
      />
      <CheckField
        label={t('access.methods.linkUsers')}
        help={t('access.methods.linkHelp')}
        value={draft.linkUsers}
        onChange={(linkUsers) => set({ linkUsers })}
      />
      <AreaField
        label={t('access.methods.caPem')}
        help={t('access.methods.caHelp')}
        value={draft.caPem}
        onChange={(caPem) => set({ caPem })}
      />
    </FormDialog>
  );
};
