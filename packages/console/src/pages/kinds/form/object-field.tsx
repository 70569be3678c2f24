// An object with known fields, and those that it has besides.
import { Button } from '@patternfly/react-core';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { type FieldProps, isFields } from './form-hands.ts';
import { GroupFrame } from './group-frame.tsx';

export const ObjectField = ({
  Field,
  ...props
}: FieldProps & { readonly Field: ComponentType<FieldProps> }) => {
  const { t } = useTranslation();
  const { hands, name, path, schema, value, isRequired } = props;
  const fields = hands.schemas.fieldsOf(schema);
  const values = isFields(value) ? value : {};
  const unknown = Object.keys(values).filter((key) => !Object.hasOwn(schema.properties ?? {}, key));
  return (
    <GroupFrame
      {...props}
      isSet={value !== undefined}
      actions={
        isRequired || value === undefined ? undefined : (
          <Button variant="link" onClick={() => hands.set(path, undefined)}>
            {t('kinds.form.clear', { name })}
          </Button>
        )
      }
    >
      {() => (
        <>
          {fields.map((field) => (
            <Field
              key={field.name}
              hands={hands}
              name={field.name}
              path={[...path, field.name]}
              schema={field.schema}
              value={values[field.name]}
              isRequired={field.isRequired}
            />
          ))}
          {unknown.map((key) => (
            <Field
              key={key}
              hands={hands}
              name={key}
              path={[...path, key]}
              schema={{}}
              value={values[key]}
              isRequired={false}
            />
          ))}
        </>
      )}
    </GroupFrame>
  );
};
