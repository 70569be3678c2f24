// The fields of forms: each with its label, and a word of help where that is needed.
import {
  Checkbox,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import { type ReactNode, useId } from 'react';

interface FieldProps {
  readonly label: string;
  readonly help?: string;
  readonly isRequired?: boolean;
}

const Group = ({
  id,
  label,
  help,
  isRequired = false,
  children,
}: FieldProps & { readonly id: string; readonly children: ReactNode }) => (
  <FormGroup label={label} fieldId={id} isRequired={isRequired}>
    {children}
    {help === undefined ? null : (
      <FormHelperText>
        <HelperText id={`${id}-help`}>
          <HelperTextItem>{help}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    )}
  </FormGroup>
);

const describedBy = (id: string, help: string | undefined) =>
  help === undefined ? {} : { 'aria-describedby': `${id}-help` };

export interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'password' | 'number' | 'datetime-local';
  readonly autoComplete?: string;
  readonly placeholder?: string;
  /** What may be meant: shown while one types. */
  readonly suggestions?: readonly string[];
}

export const TextField = (props: TextFieldProps) => {
  const { value, onChange, type = 'text', autoComplete = 'off', placeholder, suggestions, help } = props;
  const id = useId();
  return (
    <Group id={id} {...props}>
      <TextInput
        id={id}
        type={type}
        value={value}
        onChange={(_event, text) => onChange(text)}
        isRequired={props.isRequired ?? false}
        autoComplete={autoComplete}
        placeholder={placeholder ?? ''}
        {...(suggestions === undefined ? {} : { list: `${id}-list` })}
        {...describedBy(id, help)}
      />
      {suggestions === undefined ? null : (
        <datalist id={`${id}-list`}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </Group>
  );
};

export const AreaField = (
  props: FieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly rows?: number;
  },
) => {
  const id = useId();
  return (
    <Group id={id} {...props}>
      <TextArea
        id={id}
        value={props.value}
        onChange={(_event, text) => props.onChange(text)}
        rows={props.rows ?? 4}
        resizeOrientation="vertical"
        {...describedBy(id, props.help)}
      />
    </Group>
  );
};

export interface Option {
  readonly value: string;
  readonly label: string;
}

export const ChoiceField = (
  props: FieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly options: readonly Option[];
  },
) => {
  const id = useId();
  return (
    <Group id={id} {...props}>
      <FormSelect
        id={id}
        value={props.value}
        onChange={(_event, value) => props.onChange(value)}
        {...describedBy(id, props.help)}
      >
        {props.options.map(({ value, label }) => (
          <FormSelectOption key={value} value={value} label={label} />
        ))}
      </FormSelect>
    </Group>
  );
};

export const CheckField = ({
  label,
  help,
  value,
  onChange,
}: FieldProps & { readonly value: boolean; readonly onChange: (value: boolean) => void }) => {
  const id = useId();
  return (
    <Checkbox
      id={id}
      label={label}
      isChecked={value}
      onChange={(_event, isChecked) => onChange(isChecked)}
      {...(help === undefined ? {} : { description: help })}
    />
  );
};
