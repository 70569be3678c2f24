// Fields of one value: texts and quantities, numbers, yes or no, one of several.
import { FormSelect, FormSelectOption, TextArea, TextInput } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { shapeOf } from '../schema/schema.ts';
import { FieldFrame } from './field-frame.tsx';
import { type FieldProps, idOf, problemsAt } from './form-hands.ts';

const validated = ({ hands, path }: FieldProps) => ({
  validated: problemsAt(hands, path).length > 0 ? ('error' as const) : ('default' as const),
  'aria-describedby': `${idOf(path)}-help`,
});

/** What was optional and is empty is taken away; what may be a number stays one. */
const toValue = (text: string, { schema, isRequired }: FieldProps): unknown => {
  if (text === '' && !isRequired) return undefined;
  return schema['x-kubernetes-int-or-string'] === true && /^-?\d+$/.test(text) ? Number(text) : text;
};

export const TextField = (props: FieldProps) => {
  const { hands, path, value } = props;
  const text = value === undefined || value === null ? '' : String(value);
  const input = {
    id: idOf(path),
    value: text,
    isRequired: props.isRequired,
    ...validated(props),
    onChange: (_event: unknown, typed: string) => hands.set(path, toValue(typed, props)),
  };
  return (
    <FieldFrame {...props}>
      {text.includes('\n') ? (
        <TextArea {...input} readOnly={hands.isReadOnly} rows={6} resizeOrientation="vertical" />
      ) : (
        <TextInput {...input} {...(hands.isReadOnly ? { readOnlyVariant: 'default' as const } : {})} />
      )}
    </FieldFrame>
  );
};

export const NumberField = (props: FieldProps) => {
  const { hands, path, schema, value } = props;
  return (
    <FieldFrame {...props}>
      <TextInput
        id={idOf(path)}
        type="number"
        step={shapeOf(schema) === 'integer' ? 1 : 'any'}
        min={schema.minimum}
        max={schema.maximum}
        isRequired={props.isRequired}
        {...validated(props)}
        {...(hands.isReadOnly ? { readOnlyVariant: 'default' as const } : {})}
        value={typeof value === 'number' ? value : ''}
        onChange={(_event, typed) => hands.set(path, typed === '' ? undefined : Number(typed))}
      />
    </FieldFrame>
  );
};

/** Of an enum, or yes and no; a value that is none of them is offered as well. */
export const ChoiceField = (props: FieldProps) => {
  const { t } = useTranslation();
  const { hands, path, schema, value, isRequired } = props;
  const isBoolean = shapeOf(schema) === 'boolean';
  const offered: readonly unknown[] = isBoolean ? [true, false] : (schema.enum ?? []);
  const options = value === undefined || offered.includes(value) ? offered : [value, ...offered];
  const textOf = (option: unknown): string =>
    typeof option === 'boolean' ? t(option ? 'ui.yes' : 'ui.no') : String(option);
  const notSet =
    schema.default === undefined
      ? t('kinds.form.notSet')
      : t('kinds.form.notSetDefault', { value: textOf(schema.default) });
  return (
    <FieldFrame {...props}>
      <FormSelect
        id={idOf(path)}
        isRequired={isRequired}
        isDisabled={hands.isReadOnly}
        {...validated(props)}
        value={value === undefined ? '' : String(options.indexOf(value))}
        onChange={(_event, chosen) => hands.set(path, chosen === '' ? undefined : options[Number(chosen)])}
      >
        {isRequired && value !== undefined ? null : <FormSelectOption value="" label={notSet} />}
        {options.map((option, index) => (
          <FormSelectOption key={String(option)} value={String(index)} label={textOf(option)} />
        ))}
      </FormSelect>
    </FieldFrame>
  );
};
