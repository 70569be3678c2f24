// The fields of a kind as a tree that opens: each with type, description, default and bounds.
import { Label } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OpenApiSchema } from '../../../api/openapi.ts';
import { matches } from '../../../ui/filter.tsx';
import { NothingFound } from '../../../ui/states.tsx';
import { type Field, innerSchema, type Schemas, shapeOf, typeName } from './schema.ts';

const nesting = { paddingInlineStart: '1.5rem', listStyle: 'none' } as const;
const searchDepth = 8;

/** Fields of an object, of the items of a list, or of the values of a map. */
const childrenOf = (schemas: Schemas, schema: OpenApiSchema): readonly Field[] => {
  const shape = shapeOf(schema);
  if (shape === 'object') return schemas.fieldsOf(schema);
  return shape === 'list' || shape === 'map' ? childrenOf(schemas, innerSchema(schemas, schema)) : [];
};

const boundsOf = (schema: OpenApiSchema): string =>
  [
    schema.enum === undefined ? '' : schema.enum.map(String).join(' | '),
    schema.minimum === undefined ? '' : `≥ ${schema.minimum}`,
    schema.maximum === undefined ? '' : `≤ ${schema.maximum}`,
    schema.maxLength === undefined ? '' : `length ≤ ${schema.maxLength}`,
    schema.maxItems === undefined ? '' : `items ≤ ${schema.maxItems}`,
    schema.pattern === undefined ? '' : `~ ${schema.pattern}`,
    ...(schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) => message ?? rule),
  ]
    .filter((text) => text !== '')
    .join('; ');

/** `passed`: fields around it (schema.ts I2). */
const isFound = (
  schemas: Schemas,
  { name, schema }: Field,
  path: string,
  filter: string,
  passed: readonly unknown[] = [],
): boolean => {
  if (matches(filter, [`${path}.${name}`, schema.description ?? ''])) return true;
  if (passed.includes(schema.properties ?? schema.items)) return false;
  const around = [...passed, schema.properties ?? schema.items];
  return childrenOf(schemas, schema).some((field) =>
    isFound(schemas, field, `${path}.${name}`, filter, around),
  );
};

const FieldHead = ({ schemas, field }: { readonly schemas: Schemas; readonly field: Field }) => {
  const { t } = useTranslation();
  const { name, schema, isRequired } = field;
  const bounds = boundsOf(schema);
  return (
    <>
      <strong>{name}</strong> <Label isCompact>{typeName(schemas, schema)}</Label>{' '}
      {isRequired ? (
        <Label isCompact color="orange">
          {t('kinds.form.required')}
        </Label>
      ) : null}{' '}
      {schema.description}{' '}
      {schema.default === undefined ? null : (
        <em>{t('kinds.form.defaultIs', { value: JSON.stringify(schema.default) })}</em>
      )}{' '}
      {bounds === '' ? null : <code>{bounds}</code>}
    </>
  );
};

interface BranchProps {
  readonly schemas: Schemas;
  readonly field: Field;
  readonly path: string;
  readonly filter: string;
  readonly depth: number;
}

/** What is closed is not made: schemas may contain themselves. */
const Branch = ({ schemas, field, path, filter, depth }: BranchProps) => {
  const [isOpen, setOpen] = useState(depth === 0 && field.name === 'spec');
  const children = childrenOf(schemas, field.schema);
  const here = `${path}.${field.name}`;
  const isShown = isOpen || (filter !== '' && depth < searchDepth);
  if (children.length === 0)
    return (
      <li style={{ paddingBlock: '0.25rem', paddingInlineStart: '1rem' }}>
        <FieldHead schemas={schemas} field={field} />
      </li>
    );
  return (
    <li style={{ paddingBlock: '0.25rem' }}>
      <details open={isShown} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary style={{ cursor: 'pointer' }}>
          <FieldHead schemas={schemas} field={field} />
        </summary>
        {isShown ? (
          <Branches schemas={schemas} fields={children} path={here} filter={filter} depth={depth + 1} />
        ) : null}
      </details>
    </li>
  );
};

const Branches = ({
  fields,
  ...rest
}: Omit<BranchProps, 'field'> & { readonly fields: readonly Field[] }) => (
  <ul style={nesting}>
    {fields
      .filter((field) => isFound(rest.schemas, field, rest.path, rest.filter))
      .map((field) => (
        <Branch key={field.name} {...rest} field={field} />
      ))}
  </ul>
);

export const SchemaTree = ({
  schemas,
  filter,
  onClear,
}: {
  readonly schemas: Schemas;
  readonly filter: string;
  readonly onClear: () => void;
}) => {
  const fields = schemas.fieldsOf(schemas.root);
  const isAny = fields.some((field) => isFound(schemas, field, '', filter));
  return isAny ? (
    <Branches schemas={schemas} fields={fields} path="" filter={filter} depth={0} />
  ) : (
    <NothingFound onClear={onClear} />
  );
};
