// Owns the machine-readable forms of the output: -o json, yaml and name.
import type { KubeObject } from '@drover/api';
import { usageFailure } from '../failure.ts';
import type { Sink } from './terminal.ts';

const outputForms = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type OutputForm = (typeof outputForms)[number];

export const parseOutputForm = (text: string | undefined): OutputForm => {
  const found = outputForms.find((form) => form === (text ?? 'table'));
  if (found !== undefined) return found;
  throw usageFailure(`cannot use -o ${text}: choose from ${outputForms.join(', ')}`);
};

export const isDocument = (form: OutputForm): boolean =>
  form === 'json' || form === 'yaml' || form === 'name';

const nameOf = (object: KubeObject): string => {
  const group = object.apiVersion.includes('/') ? `.${object.apiVersion.split('/')[0]}` : '';
  return `${object.kind.toLowerCase()}${group}/${object.metadata.name ?? ''}`;
};

/** Who manages which field is for programs: people would not find the rest among it. */
const withoutManagers = (key: string, value: unknown): unknown => {
  if (key !== 'metadata' || typeof value !== 'object' || value === null) return value;
  const { managedFields: _, ...rest } = value as { readonly managedFields?: unknown };
  return rest;
};

/** Prints any value as JSON or YAML, objects without managedFields. The YAML library is loaded only here. */
export const printValue = async (out: Sink, form: OutputForm, value: unknown): Promise<void> => {
  if (form !== 'yaml') {
    out.write(`${JSON.stringify(value, withoutManagers, 2)}\n`);
    return;
  }
  const { stringify } = await import('yaml');
  out.write(stringify(JSON.parse(JSON.stringify(value, withoutManagers)), { lineWidth: 0 }));
};

/** Prints objects: one as itself, several (or `asList`) as a v1 List; with -o name one line each. */
export const printObjects = async (
  out: Sink,
  form: OutputForm,
  objects: readonly KubeObject[],
  asList: boolean,
): Promise<void> => {
  if (form === 'name') {
    for (const object of objects) out.write(`${nameOf(object)}\n`);
    return;
  }
  const single = asList ? undefined : objects[0];
  await printValue(
    out,
    form,
    single ?? { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects },
  );
};
