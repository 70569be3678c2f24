// Owns the paths of runs and transfers on the API port.
export type WorkPlural = 'commandruns' | 'filetransfers';

export const workCollection = (plural: WorkPlural, namespace: string): string =>
  `/apis/drover.dev/v1alpha1/namespaces/${encodeURIComponent(namespace)}/${plural}`;

export const workPath = (plural: WorkPlural, namespace: string, name: string): string =>
  `${workCollection(plural, namespace)}/${encodeURIComponent(name)}`;
