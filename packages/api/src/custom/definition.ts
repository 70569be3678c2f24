// Owns the rules of a CustomResourceDefinition over more than one field (apiextensions validation).
import type { Cause } from '../errors.ts';
import type { CustomResourceDefinition } from '../kinds/custom-resource-definition.ts';
import { isDnsSubdomain } from '../validation/names.ts';
import { forbidden, invalidValue, notSupported, required } from './causes.ts';
import { fieldNames, jsonPathProblem, parseJsonPath } from './json-path.ts';
import { loadedRules } from './rules-on-demand.ts';
import { formCauses, hasRules, type Schema } from './schema.ts';
import { isServed } from './status.ts';
import { structuralCauses } from './structural.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];
type FieldCause = Cause & { readonly field: string };

/** Taken away by the controller once all objects of the kind are gone; the name is Kubernetes'. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** RFC 1035 label. */
const isLabel = (text: string): boolean => /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
const labelRule =
  'a DNS-1035 label must consist of lower case alphanumeric characters or "-", start with an alphabetic character, and end with an alphanumeric character';

const nameCauses = ({ metadata, spec }: CustomResourceDefinition): readonly Cause[] => {
  const { names, group } = spec;
  const wanted = `${names.plural}.${group}`;
  const labels: readonly (readonly [string, string])[] = [
    ['spec.names.plural', names.plural],
    ...(names.singular ? [['spec.names.singular', names.singular] as const] : []),
    ['spec.names.kind', names.kind.toLowerCase()],
    ...(names.listKind ? [['spec.names.listKind', names.listKind.toLowerCase()] as const] : []),
    ...(names.shortNames ?? []).map((name, i) => [`spec.names.shortNames[${i}]`, name] as const),
    ...(names.categories ?? []).map((name, i) => [`spec.names.categories[${i}]`, name] as const),
  ];
  const isDomain = isDnsSubdomain(group) && group.includes('.');
  return [
    ...(metadata.name !== undefined && metadata.name !== wanted
      ? [invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]
      : []),
    ...(isDomain ? [] : [invalidValue('spec.group', group, 'should be a domain with at least one dot')]),
    ...labels
      .filter(([, name]) => !isLabel(name))
      .map(([field, name]) => invalidValue(field, name, labelRule)),
    ...(names.listKind === names.kind
      ? [invalidValue('spec.names.listKind', names.listKind, 'kind and listKind may not be the same')]
      : []),
  ];
};

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'] as const;

const columnCauses = (version: Version, path: string): readonly Cause[] =>
  (version.additionalPrinterColumns ?? []).flatMap((column, i) => {
    const at = `${path}.additionalPrinterColumns[${i}]`;
    const problem = jsonPathProblem(column.jsonPath);
    return [
      ...(column.name === '' ? [required(`${at}.name`)] : []),
      ...(columnTypes.some((type) => type === column.type)
        ? []
        : [notSupported(`${at}.type`, column.type, columnTypes)]),
      ...(problem === undefined ? [] : [invalidValue(`${at}.jsonPath`, column.jsonPath, problem)]),
    ];
  });

/** Names of a simple path such as .spec.replicas; undefined for others. */
export const simplePath = (text: string): readonly string[] | undefined =>
  jsonPathProblem(text) === undefined ? fieldNames(parseJsonPath(text)) : undefined;

const scaleCauses = (version: Version, path: string): readonly Cause[] => {
  const { scale } = version.subresources ?? {};
  if (scale === undefined) return [];
  const at = `${path}.subresources.scale`;
  const under = (field: string, text: string, tops: readonly string[]): readonly Cause[] => {
    const names = simplePath(text);
    if (names !== undefined && names.length > 1 && tops.includes(names[0] ?? '')) return [];
    const why = `should be a json path under ${tops.map((top) => `.${top}`).join(' or ')}, of plain fields`;
    return [invalidValue(`${at}.${field}`, text, why)];
  };
  return [
    ...under('specReplicasPath', scale.specReplicasPath, ['spec']),
    ...under('statusReplicasPath', scale.statusReplicasPath, ['status']),
    ...(scale.labelSelectorPath
      ? under('labelSelectorPath', scale.labelSelectorPath, ['spec', 'status'])
      : []),
  ];
};

const schemaAt = (schema: Schema, names: readonly string[]): Schema | undefined =>
  names.reduce<Schema | undefined>((at, name) => at?.properties?.[name], schema);

const selectableTypes = ['string', 'boolean', 'integer'] as const;

const selectableCauses = (version: Version, schema: Schema, path: string): readonly Cause[] =>
  (version.selectableFields ?? []).flatMap(({ jsonPath }, i) => {
    const at = `${path}.selectableFields[${i}].jsonPath`;
    const names = simplePath(jsonPath);
    if (names === undefined) return [invalidValue(at, jsonPath, 'must be a simple path of fields')];
    if (names[0] === 'metadata') return [invalidValue(at, jsonPath, 'must not point to fields in metadata')];
    const found = schemaAt(schema, names);
    if (found === undefined) return [invalidValue(at, jsonPath, 'does not refer to a field of the schema')];
    return selectableTypes.some((type) => type === found.type)
      ? []
      : [invalidValue(at, jsonPath, 'must point to a field of type string, boolean or integer')];
  });

const versionCauses = (version: Version, path: string): readonly Cause[] => {
  const given = version.schema?.openAPIV3Schema;
  const at = `${path}.schema.openAPIV3Schema`;
  const name = isLabel(version.name) ? [] : [invalidValue(`${path}.name`, version.name, labelRule)];
  const warning =
    version.deprecationWarning !== undefined && version.deprecated !== true
      ? [
          invalidValue(
            `${path}.deprecationWarning`,
            version.deprecationWarning,
            'can only be set for deprecated versions',
          ),
        ]
      : [];
  const rest = [...name, ...warning, ...columnCauses(version, path), ...scaleCauses(version, path)];
  if (given === undefined) return [...rest, required(at, 'schemas are required')];
  const form = formCauses(given, at);
  if (form.length > 0) return [...rest, ...form];
  const schema = given as Schema; // its form has just been looked at
  const structure = structuralCauses(schema, at);
  const rules = structure.length > 0 || !hasRules(schema) ? [] : loadedRules().ruleCauses(schema, at);
  return [...rest, ...structure, ...rules, ...selectableCauses(version, schema, path)];
};

/** All that is wrong with a definition by itself. */
export const definitionCauses = (definition: CustomResourceDefinition): readonly FieldCause[] => {
  const { versions } = definition.spec;
  const causes: Cause[] = [...nameCauses(definition)];
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    const path = `spec.versions[${i}]`;
    if (seen.has(version.name)) causes.push(invalidValue(`${path}.name`, version.name, 'must be unique'));
    seen.add(version.name);
    causes.push(...versionCauses(version, path));
  }
  if (versions.filter((version) => version.storage).length !== 1)
    causes.push(
      invalidValue(
        'spec.versions',
        versions.map(({ name }) => name),
        'must have exactly one version marked as storage version',
      ),
    );
  for (const [i, stored] of (definition.status?.storedVersions ?? []).entries()) {
    if (!seen.has(stored))
      causes.push(
        invalidValue(
          `status.storedVersions[${i}]`,
          stored,
          'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in it'.replace(
            'v1',
            stored,
          ),
        ),
      );
  }
  return causes.slice(0, 50).map((cause) => ({ field: '', ...cause }));
};

/** What a definition may become: what is in use keeps its scope and kind. */
export const definitionUpdateCauses = (
  before: CustomResourceDefinition,
  after: CustomResourceDefinition,
): readonly FieldCause[] => {
  const causes: FieldCause[] = [];
  const immutable = (field: string, value: string, same: boolean): void => {
    if (!same) causes.push({ field, ...invalidValue(field, value, 'field is immutable') });
  };
  if (isServed(before)) {
    immutable('spec.scope', after.spec.scope, before.spec.scope === after.spec.scope);
    immutable('spec.names.kind', after.spec.names.kind, before.spec.names.kind === after.spec.names.kind);
  }
  const isGoing = before.metadata.deletionTimestamp !== undefined;
  const isHeld = isGoing && before.metadata.finalizers?.includes(cleanupFinalizer) === true;
  if (isHeld && after.metadata.finalizers?.includes(cleanupFinalizer) !== true)
    causes.push({
      field: 'metadata.finalizers',
      ...forbidden(
        'metadata.finalizers',
        `${cleanupFinalizer} is taken away by Drover once all objects of the kind are gone`,
      ),
    });
  return causes;
};
