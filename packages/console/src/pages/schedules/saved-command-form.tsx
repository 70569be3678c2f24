// Choosing a saved command and what its parameters are: in the form of a schedule, and wherever a run is composed.
import type { SavedCommand } from '@drover/api';
import type { ParameterValues } from '@drover/api/saved-command';
import { savedCommands } from '@drover/client/kinds';
import { Content, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live.ts';
import { Loading, Problem } from '../../ui/states.tsx';
import { ParameterFields } from './parameter-fields.tsx';

export interface SavedCommandChoice {
  /** '': none is chosen. */
  readonly name: string;
  readonly values: ParameterValues;
}

const nameOf = ({ metadata }: SavedCommand): string => metadata.name ?? '';

export const SavedCommandForm = ({
  namespace,
  choice,
  onChange,
}: {
  readonly namespace: string;
  readonly choice: SavedCommandChoice;
  /** `command`: what is chosen, to be rendered with renderSavedCommand. */
  readonly onChange: (choice: SavedCommandChoice, command: SavedCommand | undefined) => void;
}) => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(savedCommands, { namespace });
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  const chosen = items.find((command) => nameOf(command) === choice.name);
  const parameters = chosen?.spec.parameters ?? [];
  const pick = (name: string): void =>
    onChange(
      { name, values: {} },
      items.find((command) => nameOf(command) === name),
    );
  return (
    <>
      <FormGroup label={t('schedules.savedCommand')} isRequired fieldId="saved-command">
        <FormSelect id="saved-command" value={choice.name} onChange={(_event, name) => pick(name)}>
          {chosen === undefined ? (
            <FormSelectOption value={choice.name} label={choice.name || t('schedules.commands.choose')} />
          ) : null}
          {items.map((command) => (
            <FormSelectOption
              key={nameOf(command)}
              value={nameOf(command)}
              label={
                command.spec.title === undefined
                  ? nameOf(command)
                  : `${command.spec.title} (${nameOf(command)})`
              }
            />
          ))}
        </FormSelect>
        {chosen?.spec.description === undefined ? null : (
          <Content component="small">{chosen.spec.description}</Content>
        )}
      </FormGroup>
      {chosen !== undefined && parameters.length === 0 ? (
        <Content component="p">{t('schedules.commands.noParameters')}</Content>
      ) : null}
      <ParameterFields
        parameters={parameters}
        values={choice.values}
        onChange={(values) => onChange({ ...choice, values }, chosen)}
      />
    </>
  );
};
