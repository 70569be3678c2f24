// Owns which objects a list or watch is about.
import { type Kind, type KubeObject, parseFieldSelector, parseLabelSelector } from '@drover/api';

export interface Selection {
  readonly namespace: string | undefined;
  /** The only name that can match, where the field selector says so. */
  readonly matches: (object: KubeObject) => boolean;
  /** Whether an object may begin or stop to match by being changed. */
  readonly mutable: boolean;
  readonly everything: boolean;
}

const onlyMetadata = (fieldSelector: string): boolean =>
  fieldSelector
    .split(',')
    .every((term) => /^\s*metadata\.(name|namespace)\s*(==?|!=)/.test(term) || term === '');

/** Throws ApiError BadRequest for a selector that cannot be read. */
export const parseSelection = (
  kind: Kind,
  options: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
): Selection => {
  const { namespace, labelSelector = '', fieldSelector = '' } = options;
  const byLabels = parseLabelSelector(labelSelector);
  const byFields = parseFieldSelector(fieldSelector, kind);
  const inNamespace = (object: KubeObject): boolean =>
    namespace === undefined || (object.metadata.namespace ?? '') === namespace;
  return {
    namespace,
    matches: (object) => inNamespace(object) && byFields(object) && byLabels(object.metadata.labels),
    mutable: labelSelector !== '' || !onlyMetadata(fieldSelector),
    everything: labelSelector === '' && fieldSelector === '',
  };
};
