// The fields of a saved command's parameters, each by its type.
import type { CommandParameter } from '@drover/api';
import type { ParameterValues } from '@drover/api/saved-command';
import { Checkbox, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { TextField } from './fields.tsx';

interface FieldProps {
  readonly parameter: CommandParameter;
  /** undefined: not given, so the default counts. */
  readonly value: string | number | boolean | undefined;
  readonly onChange: (value: string | boolean) => void;
}

const ParameterField = ({ parameter, value = parameter.default, onChange }: FieldProps) => {
  const { name, title = name, description, type, choices = [], required } = parameter;
  const [id, isRequired] = [`parameter-${name}`, required && parameter.default === undefined];
  switch (type) {
    case 'boolean':
      return (
        <Checkbox
          id={id}
          label={title}
          description={description}
          isChecked={String(value) === 'true'}
          onChange={(_event, isChecked) => onChange(isChecked)}
        />
      );
    case 'choice':
      return (
        <FormGroup label={title} isRequired={isRequired} fieldId={id}>
          <FormSelect id={id} value={value ?? ''} onChange={(_event, choice) => onChange(choice)}>
            {value === undefined ? <FormSelectOption value="" label="" isDisabled={isRequired} /> : null}
            {choices.map((choice) => (
              <FormSelectOption key={choice} value={choice} label={choice} />
            ))}
          </FormSelect>
        </FormGroup>
      );
    case 'string':
    case 'integer':
      return (
        <TextField
          id={id}
          label={title}
          help={description}
          isRequired={isRequired}
          type={type === 'integer' ? 'number' : 'text'}
          value={String(value ?? '')}
          onChange={onChange}
        />
      );
    default:
      return type satisfies never;
  }
};

/** An empty field is a value that is not given. */
export const ParameterFields = ({
  parameters,
  values,
  onChange,
}: {
  readonly parameters: readonly CommandParameter[];
  readonly values: ParameterValues;
  readonly onChange: (values: ParameterValues) => void;
}) => (
  <>
    {parameters.map((parameter) => (
      <ParameterField
        key={parameter.name}
        parameter={parameter}
        value={values[parameter.name]}
        onChange={(value) => {
          const { [parameter.name]: _, ...others } = values;
          const isText = parameter.type === 'string' && parameter.default !== undefined;
          onChange(value === '' && !isText ? others : { ...others, [parameter.name]: value });
        }}
      />
    ))}
  </>
);
