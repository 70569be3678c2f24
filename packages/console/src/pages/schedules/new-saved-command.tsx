// Keeping a command.
import type { SavedCommand } from '@drover/api';
import { savedCommands } from '@drover/client/kinds';
import { PageSection } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { type CommandDraft, CommandForm } from './command-form.tsx';
import { NameFields } from './name-fields.tsx';
import { SubmitForm } from './submit.tsx';

export const NewSavedCommand = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [names, setNames] = useState({ name: '', namespace: 'default' });
  const [draft, setDraft] = useState<CommandDraft>({ run: { argv: [] } });
  const able = useCan(can.any('create', savedCommands, names.namespace));
  const create = async (): Promise<void> => {
    const { name, namespace } = names;
    const body = {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'SavedCommand',
      metadata: { name },
      spec: draft,
    };
    await client.create<SavedCommand>(savedCommands, body, { namespace });
    confirmDone(t('schedules.created', { name }));
    void navigate(paths.savedCommand(namespace, name));
  };
  const title = t('shell.pages.savedCommands');
  return (
    <>
      <PageHead
        title={t('shell.pages.newSavedCommand')}
        crumbs={[{ title, link: <Link to={paths.savedCommands()}>{title}</Link> }]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <SubmitForm
          label={t('shell.pages.newSavedCommand')}
          action={t('ui.save')}
          able={able}
          onSubmit={create}
          onCancel={() => void navigate(paths.savedCommands())}
        >
          <NameFields names={names} onChange={setNames} />
          <CommandForm draft={draft} onChange={setDraft} />
        </SubmitForm>
      </PageSection>
    </>
  );
};
