// Owns what the editor offers and explains: fields and values from the kind's schema, and their descriptions.
import type {
  Completion,
  CompletionContext,
  CompletionResult,
  CompletionSource,
} from '@codemirror/autocomplete';
import { hoverTooltip } from '@codemirror/view';
import type { OpenApiSchema } from '../../../api/openapi.ts';
import { type Field, type Schemas, shapeOf, typeName } from '../schema/schema.ts';
import { cursorAt } from './cursor.ts';
import { parseText, pathAt } from './document.ts';
import { toFieldPath } from './field-path.ts';

/** What follows the key, ready for its value. */
const opening = (schema: OpenApiSchema, column: number): string => {
  const below = `\n${' '.repeat(column + 2)}`;
  switch (shapeOf(schema)) {
    case 'object':
    case 'map':
      return `:${below}`;
    case 'list':
      return `:${below}- `;
    default:
      return ': ';
  }
};

const toKeyOption = (schemas: Schemas, { name, schema, isRequired }: Field, column: number): Completion => ({
  label: name,
  type: 'property',
  detail: typeName(schemas, schema),
  apply: `${name}${opening(schema, column)}`,
  boost: isRequired ? 1 : 0,
  ...(schema.description === undefined ? {} : { info: schema.description }),
});

const valuesOf = (schema: OpenApiSchema): readonly unknown[] => {
  if (schema.enum !== undefined) return schema.enum;
  if (shapeOf(schema) === 'boolean') return [true, false];
  return schema.default === undefined || typeof schema.default === 'object' ? [] : [schema.default];
};

const toValueOptions = (schema: OpenApiSchema): readonly Completion[] =>
  valuesOf(schema).map((value) => ({
    label: String(value),
    type: 'enum',
    ...(value === schema.default ? { boost: 1 } : {}),
    ...(schema.description === undefined ? {} : { info: schema.description }),
  }));

/** Options at `offset` of `text`, and where what they replace begins. */
export const completionsAt = (
  schemas: Schemas,
  text: string,
  offset: number,
): { readonly from: number; readonly options: readonly Completion[] } => {
  const { path, key, word, column, siblings } = cursorAt(text, offset);
  const from = offset - word.length;
  const around = schemas.at(path);
  if (key !== undefined) {
    const schema = schemas.at([...path, key]);
    return { from, options: schema === undefined ? [] : toValueOptions(schema) };
  }
  if (around === undefined) return { from, options: [] };
  if (shapeOf(around) !== 'object') return { from, options: toValueOptions(around) };
  const free = schemas.fieldsOf(around).filter(({ name }) => !siblings.includes(name));
  return { from, options: free.map((field) => toKeyOption(schemas, field, column)) };
};

export const schemaCompletion =
  (schemas: Schemas): CompletionSource =>
  (context: CompletionContext): CompletionResult | null => {
    const { from, options } = completionsAt(schemas, context.state.doc.toString(), context.pos);
    if (options.length === 0 || (!context.explicit && from === context.pos)) return null;
    return { from, options, validFor: /^[\w$.-]*$/ };
  };

const toTip = (schemas: Schemas, path: string, schema: OpenApiSchema): HTMLElement => {
  const tip = document.createElement('div');
  const head = tip.appendChild(document.createElement('div'));
  head.appendChild(document.createElement('strong')).textContent = path;
  head.append(` ${typeName(schemas, schema)}`);
  tip.appendChild(document.createElement('div')).textContent = schema.description ?? '';
  tip.style.maxWidth = '30rem';
  tip.style.padding = '0.5rem';
  return tip;
};

export const schemaHover = (schemas: Schemas) =>
  hoverTooltip((view, offset) => {
    const path = pathAt(parseText(view.state.doc.toString()), offset);
    const schema = path.length === 0 ? undefined : schemas.at(path);
    if (schema === undefined) return null;
    return { pos: offset, above: true, create: () => ({ dom: toTip(schemas, toFieldPath(path), schema) }) };
  });
