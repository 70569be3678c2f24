// What is around every single field: its name, that it is required, what it means, and what stands against it.
import { FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OpenApiSchema } from '../../../api/openapi.ts';
import { type FieldProps, idOf, problemsAt } from './form-hands.ts';

/** The description, and the default where the field itself does not show it. */
export const useHelp = (schema: OpenApiSchema): string => {
  const { t } = useTranslation();
  const before =
    schema.default === undefined ? '' : t('kinds.form.defaultIs', { value: JSON.stringify(schema.default) });
  return [schema.description ?? '', before].filter((text) => text !== '').join(' ');
};

export const FieldFrame = ({
  hands,
  name,
  path,
  schema,
  isRequired,
  more = [],
  children,
}: Omit<FieldProps, 'value'> & {
  /** Problems that the field itself has found. */
  readonly more?: readonly string[];
  readonly children: ReactNode;
}) => {
  const help = useHelp(schema);
  const problems = [...more, ...problemsAt(hands, path)];
  return (
    <FormGroup label={name} fieldId={idOf(path)} isRequired={isRequired}>
      {children}
      <FormHelperText>
        <HelperText id={`${idOf(path)}-help`}>
          {help === '' ? null : <HelperTextItem>{help}</HelperTextItem>}
          {problems.map((problem) => (
            <HelperTextItem key={problem} variant="error">
              {problem}
            </HelperTextItem>
          ))}
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
};
