// The form in which it is said how long what is kept.
import type { RetentionSpec } from '@drover/api';
import { retentionPolicies } from '@drover/client/kinds';
import { FormSection } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { allNumbers, isWhole, parts, toChange, toDraft } from './retention-fields.ts';

export const RetentionDialog = ({
  spec,
  onClose,
}: {
  readonly spec: RetentionSpec;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  // What it was when the form was opened: only what is changed here is sent.
  const [before] = useState(spec);
  const [draft, setDraft] = useState(() => toDraft(spec));
  const submit = async (): Promise<void> => {
    const body = { spec: toChange(before, draft) };
    await client.patch(retentionPolicies, 'default', { type: 'merge', body }, { fieldManager: 'console' });
    confirmDone(t('settings.retention.changed'));
    onClose();
  };
  return (
    <FormDialog
      title={t('settings.retention.change')}
      description={t('settings.retention.changeHelp')}
      action={t('ui.save')}
      isReady={allNumbers.every(({ key }) => isWhole(draft[key] ?? ''))}
      onSubmit={submit}
      onClose={onClose}
    >
      {parts.map(({ part }) => (
        <FormSection key={part} title={t(`settings.retention.parts.${part}`)} titleElement="h2">
          {allNumbers
            .filter((number) => number.part === part)
            .map(({ name, key }) => (
              <TextField
                key={key}
                type="number"
                label={t(`settings.retention.numbers.${name}`)}
                value={draft[key] ?? ''}
                onChange={(value) => setDraft((now) => ({ ...now, [key]: value }))}
                isRequired
              />
            ))}
        </FormSection>
      ))}
    </FormDialog>
  );
};
