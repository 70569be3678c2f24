// Makes an API token of one's own: what it is for, how long, and what it may at most.
import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SecretOnce } from '../../ui/secret-once.tsx';
import { type Draft, emptyDraft, isWhole, RuleFields, toRule } from '../access/rule-fields.tsx';
import { useAskAnew } from './own.ts';

const lives = [
  ['86400', 'day'],
  ['2592000', 'month'],
  ['7776000', 'quarter'],
  ['31536000', 'year'],
  ['0', 'never'],
] as const;

const toNames = (text: string): readonly string[] => text.split(/[\s,]+/).filter((name) => name !== '');

export const TokenForm = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const askAnew = useAskAnew();
  const [description, setDescription] = useState('');
  const [seconds, setSeconds] = useState('2592000');
  const [namespaces, setNamespaces] = useState('');
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  const [token, setToken] = useState('');
  const submit = async (): Promise<void> => {
    const names = toNames(namespaces);
    const made = await client.createToken({
      description,
      expiresSeconds: Number(seconds),
      ...(names.length === 0 ? {} : { namespaces: names }),
      ...(drafts.length === 0 ? {} : { rules: drafts.map(toRule) }),
    });
    await askAnew();
    setToken(made.token);
  };
  if (token !== '')
    return (
      <SecretOnce
        title={t('account.tokens.made')}
        label={t('account.tokens.token')}
        secret={token}
        onClose={onClose}
      >
        {t('account.tokens.use')}
      </SecretOnce>
    );
  return (
    <FormDialog
      title={t('account.tokens.make')}
      description={t('account.tokens.help')}
      action={t('account.tokens.make')}
      isReady={description !== '' && drafts.every(isWhole)}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label={t('account.tokens.description')}
        placeholder={t('account.tokens.example')}
        value={description}
        onChange={setDescription}
        isRequired
      />
      <ChoiceField
        label={t('access.validFor')}
        value={seconds}
        onChange={setSeconds}
        options={lives.map(([value, life]) => ({ value, label: t(`account.tokens.lives.${life}`) }))}
      />
      <TextField
        label={t('account.tokens.namespaces')}
        help={t('account.tokens.namespacesHelp')}
        value={namespaces}
        onChange={setNamespaces}
      />
      {drafts.map((draft) => (
        <RuleFields
          key={draft.id}
          draft={draft}
          onChange={(changed) => setDrafts(drafts.map((one) => (one.id === draft.id ? changed : one)))}
          onRemove={() => setDrafts(drafts.filter((one) => one.id !== draft.id))}
        />
      ))}
      <Button variant="link" isInline onClick={() => setDrafts([...drafts, emptyDraft()])}>
        {t('account.tokens.narrow')}
      </Button>
    </FormDialog>
  );
};
