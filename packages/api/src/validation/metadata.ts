// Owns the rules of metadata that a schema cannot say: names, labels, annotations, finalizers.
import type { Cause } from '../errors.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue, isPathSegment } from './names.ts';

const maxAnnotationBytes = 262144;

type FieldCause = Cause & { readonly field: string };

const cause = (field: string, message: string): FieldCause => ({
  reason: 'FieldValueInvalid',
  message,
  field,
});

const nameCauses = (kind: Kind, name: string): readonly Cause[] => {
  if (kind.names === 'PathSegment') {
    const rule = 'must be at most 253 characters, not "." or "..", without "/" and "%"';
    return isPathSegment(name) ? [] : [cause('metadata.name', `"${name.slice(0, 300)}" ${rule}`)];
  }
  const wantsLabel = kind.kind === 'Namespace' && kind.group === '';
  if (wantsLabel ? isDnsLabel(name) : isDnsSubdomain(name)) return [];
  const rule = wantsLabel
    ? 'must be an RFC 1123 label: at most 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit'
    : 'must be an RFC 1123 subdomain: at most 253 of a-z, 0-9, "-" and ".", each part beginning and ending with a letter or digit';
  return [cause('metadata.name', `"${name.slice(0, 300)}" ${rule}`)];
};

/** Causes of a map of labels at `field`; empty when all are valid. */
export const labelCauses = (
  field: string,
  labels: Readonly<Record<string, string>>,
): readonly FieldCause[] => {
  const causes: FieldCause[] = [];
  for (const key of Object.keys(labels)) {
    const value = labels[key] ?? '';
    const shown = key.slice(0, 300);
    if (!isLabelKey(key)) causes.push(cause(field, `"${shown}" is not a label key`));
    if (!isLabelValue(value))
      causes.push(cause(`${field}[${shown}]`, `"${value.slice(0, 300)}" is not a label value`));
  }
  return causes;
};

const annotationCauses = (annotations: Readonly<Record<string, string>>): readonly Cause[] => {
  const entries = Object.entries(annotations);
  const encoder = new TextEncoder();
  const sizeBytes = entries.reduce(
    (sum, [k, v]) => sum + encoder.encode(k).length + encoder.encode(v).length,
    0,
  );
  return [
    ...entries
      .filter(([key]) => !isLabelKey(key.toLowerCase()))
      .map(([key]) => cause('metadata.annotations', `"${key.slice(0, 300)}" is not an annotation key`)),
    ...(sizeBytes > maxAnnotationBytes
      ? [
          cause(
            'metadata.annotations',
            `must be at most ${maxAnnotationBytes} bytes in all, not ${sizeBytes}`,
          ),
        ]
      : []),
  ];
};

const finalizerCauses = (finalizers: readonly string[]): readonly Cause[] =>
  finalizers.flatMap((name, i) =>
    isLabelKey(name)
      ? []
      : [cause(`metadata.finalizers[${i}]`, `"${name.slice(0, 300)}" is not a qualified name`)],
  );

const isNameStart = (kind: Kind, text: string): boolean =>
  kind.names === 'PathSegment' || isDnsSubdomain(text.replace(/[-.]$/, '').slice(0, 248));

const unnamed: Cause = {
  reason: 'FieldValueRequired',
  message: 'name or generateName must be given',
  field: 'metadata.name',
};

/** Problems of an object's metadata. On the way of every write: of most there are none. */
export const metadataCauses = (kind: Kind, object: KubeObject): readonly Cause[] => {
  const { name, generateName, namespace, labels, annotations, finalizers } = object.metadata;
  const causes: Cause[] = [];
  if (name !== undefined) causes.push(...nameCauses(kind, name));
  else if (generateName === undefined && kind.transient !== true) causes.push(unnamed);
  if (generateName !== undefined && !isNameStart(kind, generateName))
    causes.push(cause('metadata.generateName', 'must be the beginning of a name'));
  if (namespace !== undefined && !isDnsLabel(namespace))
    causes.push(cause('metadata.namespace', 'must be an RFC 1123 label'));
  if (kind.scope === 'Cluster' && namespace)
    causes.push(cause('metadata.namespace', `a ${kind.kind} has no namespace`));
  if (labels !== undefined) causes.push(...labelCauses('metadata.labels', labels));
  if (annotations !== undefined) causes.push(...annotationCauses(annotations));
  if (finalizers !== undefined) causes.push(...finalizerCauses(finalizers));
  return causes;
};
