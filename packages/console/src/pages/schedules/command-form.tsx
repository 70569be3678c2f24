// The form of a saved command: what it is called, its parameters, what it runs.
import type { SavedCommand } from '@drover/api';
import { Content, FormFieldGroup, FormFieldGroupHeader } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { CommandFields, type RunDraft } from './command-fields.tsx';
import { TextField } from './fields.tsx';
import { ParameterEditor } from './parameter-editor.tsx';

type Spec = SavedCommand['spec'];

export type CommandDraft = Omit<Spec, 'run'> & { readonly run: RunDraft };

const withText = (draft: CommandDraft, field: 'title' | 'description', text: string): CommandDraft => {
  const { [field]: _, ...rest } = draft;
  return text === '' ? rest : { ...rest, [field]: text };
};

export const CommandForm = ({
  draft,
  onChange,
}: {
  readonly draft: CommandDraft;
  readonly onChange: (draft: CommandDraft) => void;
}) => {
  const { t } = useTranslation();
  const parts = { parameters: t('schedules.commands.parameters'), run: t('schedules.what') };
  return (
    <>
      <TextField
        id="title"
        label={t('schedules.commands.title')}
        value={draft.title ?? ''}
        onChange={(text) => onChange(withText(draft, 'title', text))}
      />
      <TextField
        id="description"
        label={t('schedules.commands.description')}
        value={draft.description ?? ''}
        onChange={(text) => onChange(withText(draft, 'description', text))}
      />
      <FormFieldGroup
        header={<FormFieldGroupHeader titleText={{ text: parts.parameters, id: 'part-parameters' }} />}
      >
        <Content component="small">{t('schedules.commands.placeHelp')}</Content>
        <ParameterEditor
          parameters={draft.parameters ?? []}
          onChange={(parameters) => onChange({ ...draft, parameters: [...parameters] })}
        />
      </FormFieldGroup>
      <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: parts.run, id: 'part-run' }} />}>
        <CommandFields
          run={draft.run}
          areNodesRequired={false}
          onChange={(run) => onChange({ ...draft, run })}
        />
      </FormFieldGroup>
    </>
  );
};
