// A field of a form: its name, what it means, and what is wrong with it.
import {
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  InputGroup,
  InputGroupItem,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly help?: ReactNode;
  /** '' or absent: nothing is wrong. */
  readonly problem?: string | undefined;
  readonly isRequired?: boolean;
}

export const Field = ({
  id,
  label,
  help,
  problem = '',
  isRequired = false,
  children,
}: FieldProps & { readonly children: ReactNode }) => (
  <FormGroup label={label} fieldId={id} isRequired={isRequired}>
    {children}
    {problem === '' && help === undefined ? null : (
      <FormHelperText>
        <HelperText id={`${id}-help`} isLiveRegion={problem !== ''}>
          {problem === '' ? (
            <HelperTextItem>{help}</HelperTextItem>
          ) : (
            <HelperTextItem variant="error">{problem}</HelperTextItem>
          )}
        </HelperText>
      </FormHelperText>
    )}
  </FormGroup>
);

interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  /** More than one: a text of lines. */
  readonly rows?: number;
  readonly isCode?: boolean;
  /** A button at its end. */
  readonly beside?: ReactNode;
}

export const TextField = ({
  value,
  onChange,
  placeholder,
  rows = 1,
  isCode,
  beside,
  ...field
}: TextFieldProps) => {
  const { id, label, problem = '', isRequired = false } = field;
  const props = {
    id,
    value,
    isRequired,
    'aria-label': label,
    'aria-describedby': `${id}-help`,
    validated: problem === '' ? ('default' as const) : ('error' as const),
    spellCheck: false,
    autoComplete: 'off',
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(isCode === true ? { style: { fontFamily: 'var(--pf-t--global--font--family--mono)' } } : {}),
  };
  return (
    <Field {...field}>
      {rows > 1 ? (
        <TextArea
          {...props}
          rows={rows}
          resizeOrientation="vertical"
          onChange={(_event, text) => onChange(text)}
        />
      ) : (
        <InputGroup>
          <InputGroupItem isFill>
            <TextInput {...props} onChange={(_event, text) => onChange(text)} />
          </InputGroupItem>
          {beside === undefined ? null : <InputGroupItem>{beside}</InputGroupItem>}
        </InputGroup>
      )}
    </Field>
  );
};

export const SelectField = ({
  value,
  onChange,
  options,
  ...field
}: FieldProps & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [string, string])[];
}) => (
  <Field {...field}>
    <FormSelect
      id={field.id}
      value={value}
      aria-label={field.label}
      onChange={(_event, chosen) => onChange(chosen)}
    >
      {options.map(([key, title]) => (
        <FormSelectOption key={key} value={key} label={title} />
      ))}
    </FormSelect>
  </Field>
);
