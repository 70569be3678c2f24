// The dialog that runs a saved command: its fields come from the parameters.
import type { CommandRun, SavedCommand } from '@drover/api';
import { type ParameterValues, renderSavedCommand } from '@drover/api/saved-command';
import { causeWords, toSavedRun } from '@drover/api/schedule-run';
import { commandRuns } from '@drover/client/kinds';
import { Alert, Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { TextField } from './fields.tsx';
import { ParameterFields } from './parameter-fields.tsx';

const start = async (
  command: SavedCommand,
  values: ParameterValues,
  nodeSet: string,
): Promise<CommandRun> => {
  const rendered = renderSavedCommand(command, values, nodeSet === '' ? undefined : { nodeSet });
  if (rendered.kind === 'refused') throw new Error(causeWords(rendered.causes));
  const { namespace } = command.metadata;
  return client.create<CommandRun>(commandRuns, toSavedRun(command, rendered.spec), { namespace });
};

export const RunSaved = ({
  command,
  onClose,
}: {
  readonly command: SavedCommand;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [values, setValues] = useState<ParameterValues>({});
  const [nodes, setNodes] = useState('');
  const [problem, setProblem] = useState('');
  const { name = '', namespace = '' } = command.metadata;
  const { parameters = [], title = name, description, run } = command.spec;
  const able = useCan(can.runCommands(namespace));
  const submit = async (): Promise<void> => {
    setProblem('');
    try {
      const made = await start(command, values, nodes);
      confirmDone(t('schedules.started', { name: made.metadata.name ?? '' }));
      void navigate(paths.run(namespace, made.metadata.name ?? ''));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const hasNodes = run.targets !== undefined;
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="run-saved-title">
      <ModalHeader
        title={t('schedules.commands.runTitle', { name: title })}
        labelId="run-saved-title"
        description={description}
      />
      <ModalBody>
        <Form
          id="run-saved"
          onSubmit={(event) => {
            event.preventDefault();
            if (able.allowed) void submit();
          }}
        >
          <ParameterFields parameters={parameters} values={values} onChange={setValues} />
          <TextField
            id="run-nodes"
            label={t('schedules.targets')}
            isRequired={!hasNodes}
            help={
              hasNodes
                ? `${t('schedules.targetsOptional')} ${run.targets?.nodeSet ?? ''}`
                : t('schedules.targetsHelp')
            }
            value={nodes}
            onChange={setNodes}
          />
          {problem === '' ? null : <Alert isInline variant="danger" component="h2" title={problem} />}
        </Form>
      </ModalBody>
      <ModalFooter>
        <ActionButton able={able} type="submit" form="run-saved" variant="primary">
          {t('schedules.commands.run')}
        </ActionButton>
        <Button variant="link" onClick={onClose}>
          {t('ui.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
