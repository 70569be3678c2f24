// The parameters of a saved command, as whoever writes it says them.
import type { CommandParameter } from '@drover/api';
import {
  Button,
  Checkbox,
  FormFieldGroup,
  FormFieldGroupHeader,
  FormGroup,
  FormSelect,
  FormSelectOption,
} from '@patternfly/react-core';
import { TrashIcon } from '@patternfly/react-icons';
import { useTranslation } from 'react-i18next';
import { TextField } from './fields.tsx';

const types = ['string', 'integer', 'boolean', 'choice'] as const;

/** The parameter with one field set, or without it when it is empty. */
const withField = (
  parameter: CommandParameter,
  field: 'title' | 'pattern' | 'default' | 'minimum' | 'maximum' | 'choices',
  value: string | number | boolean | string[] | undefined,
): CommandParameter => {
  const { [field]: _, ...rest } = parameter;
  return value === undefined || value === '' ? rest : { ...rest, [field]: value };
};

const toNumber = (text: string): number | undefined => (text === '' ? undefined : Number(text));

interface Props {
  readonly id: string;
  readonly parameter: CommandParameter;
  readonly onChange: (parameter: CommandParameter) => void;
}

const Bounds = ({ id, parameter, onChange }: Props) => {
  const { t } = useTranslation();
  switch (parameter.type) {
    case 'boolean':
      return null;
    case 'string':
      return (
        <TextField
          id={`${id}-pattern`}
          label={t('schedules.commands.pattern')}
          value={parameter.pattern ?? ''}
          onChange={(text) => onChange(withField(parameter, 'pattern', text))}
        />
      );
    case 'integer':
      return (['minimum', 'maximum'] as const).map((bound) => (
        <TextField
          key={bound}
          id={`${id}-${bound}`}
          type="number"
          label={t(`schedules.commands.${bound}`)}
          value={String(parameter[bound] ?? '')}
          onChange={(text) => onChange(withField(parameter, bound, toNumber(text)))}
        />
      ));
    case 'choice':
      return (
        <TextField
          id={`${id}-choices`}
          label={t('schedules.commands.choices')}
          isRequired
          value={(parameter.choices ?? []).join(',')}
          onChange={(text) => onChange(withField(parameter, 'choices', text.split(',')))}
        />
      );
    default:
      return parameter.type satisfies never;
  }
};

const defaultOf = ({ type }: CommandParameter, text: string) => {
  if (text === '') return undefined;
  if (type === 'integer') return Number(text);
  return type === 'boolean' ? text === 'true' : text;
};

const ParameterPart = ({
  number,
  onRemove,
  ...props
}: Props & { readonly number: number; readonly onRemove: () => void }) => {
  const { t } = useTranslation();
  const { id, parameter, onChange } = props;
  const title = parameter.name === '' ? t('schedules.commands.parameter', { number }) : parameter.name;
  return (
    <FormFieldGroup
      header={
        <FormFieldGroupHeader
          titleText={{ text: title, id: `${id}-title` }}
          actions={
            <Button
              variant="plain"
              icon={<TrashIcon />}
              aria-label={t('schedules.commands.removeParameter', { name: title })}
              onClick={onRemove}
            />
          }
        />
      }
    >
      <TextField
        id={`${id}-name`}
        label={t('ui.name')}
        isRequired
        value={parameter.name}
        onChange={(name) => onChange({ ...parameter, name })}
      />
      <TextField
        id={`${id}-title-text`}
        label={t('schedules.commands.title')}
        value={parameter.title ?? ''}
        onChange={(text) => onChange(withField(parameter, 'title', text))}
      />
      <FormGroup label={t('schedules.commands.type')} fieldId={`${id}-type`}>
        <FormSelect
          id={`${id}-type`}
          value={parameter.type}
          onChange={(_event, value) => {
            const type = types.find((one) => one === value) ?? 'string';
            // Bounds of one type say nothing of another.
            const { name, title: text, description, required } = parameter;
            const kept = { name, required, ...(text === undefined ? {} : { title: text }) };
            onChange({ ...kept, ...(description === undefined ? {} : { description }), type });
          }}
        >
          {types.map((type) => (
            <FormSelectOption key={type} value={type} label={t(`schedules.commands.types.${type}`)} />
          ))}
        </FormSelect>
      </FormGroup>
      <Bounds {...props} />
      <TextField
        id={`${id}-default`}
        label={t('schedules.commands.default')}
        value={String(parameter.default ?? '')}
        onChange={(text) => onChange(withField(parameter, 'default', defaultOf(parameter, text)))}
      />
      <Checkbox
        id={`${id}-required`}
        label={t('schedules.commands.required')}
        isChecked={parameter.required}
        onChange={(_event, required) => onChange({ ...parameter, required })}
      />
    </FormFieldGroup>
  );
};

export const ParameterEditor = ({
  parameters,
  onChange,
}: {
  readonly parameters: readonly CommandParameter[];
  readonly onChange: (parameters: readonly CommandParameter[]) => void;
}) => {
  const { t } = useTranslation();
  const add = (): void => onChange([...parameters, { name: '', type: 'string', required: false }]);
  return (
    <>
      {parameters.map((parameter, index) => (
        <ParameterPart
          // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being typed
          key={index}
          id={`parameter-${index}`}
          number={index + 1}
          parameter={parameter}
          onChange={(changed) => onChange(parameters.map((one, at) => (at === index ? changed : one)))}
          onRemove={() => onChange(parameters.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <Button variant="secondary" onClick={add}>
          {t('schedules.commands.addParameter')}
        </Button>
      </div>
    </>
  );
};
