// One field of a form, with its words of help.
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextArea,
  TextInput,
  type TextInputProps,
} from '@patternfly/react-core';

export interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: string | undefined;
  readonly isRequired?: boolean;
  readonly type?: TextInputProps['type'];
  /** As a field of several lines. */
  readonly rows?: number;
}

export const TextField = ({
  id,
  label,
  value,
  onChange,
  help,
  isRequired = false,
  type = 'text',
  rows,
}: TextFieldProps) => {
  const common = {
    id,
    value,
    isRequired,
    ...(help === undefined ? {} : { 'aria-describedby': `${id}-help` }),
  };
  return (
    <FormGroup label={label} isRequired={isRequired} fieldId={id}>
      {rows === undefined ? (
        <TextInput {...common} type={type} onChange={(_event, text) => onChange(text)} />
      ) : (
        <TextArea
          {...common}
          className="drover-code"
          rows={rows}
          resizeOrientation="vertical"
          onChange={(_event, text) => onChange(text)}
        />
      )}
      {help === undefined ? null : (
        <FormHelperText>
          <HelperText id={`${id}-help`}>
            <HelperTextItem>{help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
};
