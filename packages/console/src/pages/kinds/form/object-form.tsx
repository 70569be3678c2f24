// A form for an object of any kind, made from its schema. It changes single fields of the text and nothing around them.
import { Alert, Form, FormFieldGroup, FormFieldGroupHeader } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import type { OpenApiSchema } from '../../../api/openapi.ts';
import type { Path, Schemas } from '../schema/schema.ts';
import { contentOf, parseText, withKey, withValue, withYaml } from '../yaml/document.ts';
import type { Problem } from '../yaml/draft.ts';
import { FormField } from './form-field.tsx';
import type { FormHands } from './form-hands.ts';

const notAsked = new Set(['apiVersion', 'kind', 'metadata', 'status']);
const words: OpenApiSchema = { type: 'object', additionalProperties: { type: 'string' } };
const name: OpenApiSchema = { type: 'string' };

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (above, key) => (typeof above === 'object' && above !== null ? Reflect.get(above, key) : undefined),
    value,
  );

export const ObjectForm = ({
  text,
  schemas,
  problems,
  isNew,
  isReadOnly,
  onChange,
}: {
  readonly text: string;
  readonly schemas: Schemas | undefined;
  readonly problems: readonly Problem[];
  readonly isNew: boolean;
  readonly isReadOnly: boolean;
  readonly onChange: (text: string) => void;
}) => {
  const { t } = useTranslation();
  if (schemas === undefined) return <Alert isInline variant="info" title={t('kinds.form.noSchema')} />;
  const value = contentOf(parseText(text));
  const hands: FormHands = {
    schemas,
    problems,
    isReadOnly,
    text,
    set: (path, next) => onChange(withValue(text, path, next)),
    rename: (path, from, to) => onChange(withKey(text, path, from, to)),
    setYaml: (path, part) => onChange(withYaml(text, path, part)),
  };
  const metadataField = (key: string, title: string, schema: OpenApiSchema, help = '') => (
    <FormField
      hands={hands}
      name={title}
      path={['metadata', key]}
      schema={{ ...schema, ...(help === '' ? {} : { description: help }) }}
      value={valueAt(value, ['metadata', key])}
      isRequired={key === 'name'}
    />
  );
  return (
    <Form onSubmit={(event) => event.preventDefault()} style={{ maxWidth: '60rem' }}>
      <FormFieldGroup
        header={
          <FormFieldGroupHeader titleText={{ text: t('kinds.form.generalTitle'), id: 'form-general' }} />
        }
      >
        {isNew ? metadataField('name', t('kinds.form.name'), name, t('kinds.form.nameHelp')) : null}
        {metadataField('labels', t('kinds.form.labels'), words)}
        {metadataField('annotations', t('kinds.form.annotations'), words)}
      </FormFieldGroup>
      {schemas
        .fieldsOf(schemas.root)
        .filter((field) => !notAsked.has(field.name))
        .map((field) => (
          <FormField
            key={field.name}
            hands={hands}
            name={field.name}
            path={[field.name]}
            schema={field.schema}
            value={valueAt(value, [field.name])}
            isRequired={field.isRequired}
          />
        ))}
    </Form>
  );
};
