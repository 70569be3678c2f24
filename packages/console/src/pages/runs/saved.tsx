// What is composed, and what is kept: begin with a saved command, save what is typed, run it by the clock.
import type { CommandRun, RunTemplate, SavedCommand } from '@drover/api';
import { renderSavedCommand, toTemplate } from '@drover/api/saved-command';
import { causeWords, toSavedRun } from '@drover/api/schedule-run';
import { savedCommands, schedules } from '@drover/client/kinds';
import { Flex } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { type SavedCommandChoice, SavedCommandForm } from '../schedules/saved-command-form.tsx';
import { type Draft, problemsOf, toDraft, toRun } from './draft.ts';

/** What the form holds, as it is kept for later; nodes may be named then. */
export const templateOf = (draft: Draft): RunTemplate => {
  const { spec } = toRun(draft);
  // What the form makes is what a CommandRun takes; the controller fills in the rest.
  const { targets, ...run } = spec as RunTemplate;
  return { ...run, ...(Object.keys(targets ?? {}).length === 0 ? {} : { targets }) } as RunTemplate;
};

/** Throws what values are lacking or wrong, in words. */
const filled = (command: SavedCommand, { values }: SavedCommandChoice, { nodes }: Draft): Draft => {
  const own = command.spec.run.targets === undefined ? { nodeSet: nodes } : undefined;
  const rendered = renderSavedCommand(command, values, own);
  if (rendered.kind === 'refused') throw new Error(causeWords(rendered.causes));
  // A run as it would be sent; the controller adds what no form shows.
  return toDraft(toSavedRun(command, rendered.spec) as unknown as CommandRun);
};

interface DialogProps {
  readonly draft: Draft;
  readonly onClose: () => void;
}

interface UseProps extends DialogProps {
  readonly onUse: (draft: Draft) => void;
}

const UseSaved = ({ draft, onClose, onUse }: UseProps) => {
  const { t } = useTranslation();
  const [choice, setChoice] = useState<SavedCommandChoice>({ name: '', values: {} });
  const [command, setCommand] = useState<SavedCommand>();
  const use = async (): Promise<void> => {
    if (command === undefined) return;
    onUse(filled(command, choice, draft));
    onClose();
  };
  return (
    <FormDialog
      title={t('runs.saved.use')}
      description={t('runs.saved.useBody')}
      action={t('runs.saved.take')}
      isReady={command !== undefined}
      onSubmit={use}
      onClose={onClose}
    >
      <SavedCommandForm
        namespace={draft.namespace}
        choice={choice}
        onChange={(next, chosen) => {
          setChoice(next);
          setCommand(chosen);
        }}
      />
    </FormDialog>
  );
};

const SaveThis = ({ draft, onClose }: DialogProps) => {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const save = async (): Promise<void> => {
    const body = {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'SavedCommand',
      metadata: { name },
      spec: { ...(title === '' ? {} : { title }), run: toTemplate(templateOf(draft)) },
    };
    await client.create<SavedCommand>(savedCommands, body, { namespace: draft.namespace });
    confirmDone(t('schedules.created', { name }));
    onClose();
  };
  return (
    <FormDialog
      title={t('runs.saved.save')}
      description={t('runs.saved.saveBody')}
      action={t('ui.save')}
      isReady={name !== ''}
      onSubmit={save}
      onClose={onClose}
    >
      <TextField
        label={t('schedules.name')}
        help={t('schedules.nameHelp')}
        isRequired
        value={name}
        onChange={setName}
      />
      <TextField label={t('schedules.commands.title')} value={title} onChange={setTitle} />
    </FormDialog>
  );
};

export const UseSavedButton = ({ draft, onUse }: Pick<UseProps, 'draft' | 'onUse'>) => {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const able = useCan(can.any('list', savedCommands, draft.namespace));
  return (
    <>
      <ActionButton able={able} variant="link" isInline onClick={() => setOpen(true)}>
        {t('runs.saved.use')}
      </ActionButton>
      {isOpen ? <UseSaved draft={draft} onUse={onUse} onClose={() => setOpen(false)} /> : null}
    </>
  );
};

/** `onProblem`: what is typed cannot be kept as it is; the form shows why. */
export const KeepButtons = ({
  draft,
  onProblem,
}: {
  readonly draft: Draft;
  readonly onProblem: () => void;
}) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const ableToSave = useCan(can.any('create', savedCommands, draft.namespace));
  const ableToSchedule = useCan(can.any('create', schedules, draft.namespace));
  const { nodes, ...others } = problemsOf(draft);
  const open = (isWhole: boolean, then: () => void): void => (isWhole ? then() : onProblem());
  const isCommandWhole = Object.keys(others).length === 0;
  const schedule = (): void => void navigate(paths.newScheduleOfDraft(draft.namespace));
  return (
    <Flex>
      <ActionButton
        able={ableToSave}
        variant="link"
        isInline
        onClick={() => open(isCommandWhole, () => setOpen(true))}
      >
        {t('runs.saved.save')}
      </ActionButton>
      <ActionButton
        able={ableToSchedule}
        variant="link"
        isInline
        onClick={() => open(isCommandWhole && nodes === undefined, schedule)}
      >
        {t('runs.saved.schedule')}
      </ActionButton>
      {isOpen ? <SaveThis draft={draft} onClose={() => setOpen(false)} /> : null}
    </Flex>
  );
};
