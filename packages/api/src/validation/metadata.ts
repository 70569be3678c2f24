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
export const labelCauses = (field: string, labels: Readonly<Record<string, string>>): readonly FieldCause[] =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...(isLabelKey(key) ? [] : [cause(field, `"${key.slice(0, 300)}" is not a label key`)]),
    ...(isLabelValue(value)
      ? []
      : [cause(`${field}[${key.slice(0, 300)}]`, `"${value.slice(0, 300)}" is not a label value`)]),
  ]);

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

/** Problems of an object's metadata. */
export const metadataCauses = (kind: Kind, object: KubeObject): readonly Cause[] => {
  const { name, generateName, namespace, labels, annotations, finalizers } = object.metadata;
  return [
    ...(name === undefined && generateName === undefined && kind.transient !== true
      ? [
          {
            reason: 'FieldValueRequired',
            message: 'name or generateName must be given',
            field: 'metadata.name',
          },
        ]
      : []),
    ...(name === undefined ? [] : nameCauses(kind, name)),
    ...(generateName === undefined ||
    kind.names === 'PathSegment' ||
    isDnsSubdomain(generateName.replace(/[-.]$/, '').slice(0, 248))
      ? []
      : [cause('metadata.generateName', 'must be the beginning of a name')]),
    ...(namespace === undefined || isDnsLabel(namespace)
      ? []
      : [cause('metadata.namespace', 'must be an RFC 1123 label')]),
    ...(kind.scope === 'Cluster' && namespace
      ? [cause('metadata.namespace', `a ${kind.kind} has no namespace`)]
      : []),
    ...labelCauses('metadata.labels', labels ?? {}),
    ...annotationCauses(annotations ?? {}),
    ...finalizerCauses(finalizers ?? []),
  ];
};
