// Owns every address of the console. Paths are below the page's base; queries are what a page keeps in its address.
const part = encodeURIComponent;

interface KindName {
  /** '' for core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** 'core' stands for the group that has no name. */
const kindPart = ({ group, version, plural }: KindName): string =>
  `${part(group === '' ? 'core' : group)}/${part(version)}/${part(plural)}`;

export const paths = {
  overview: () => '/',
  nodes: () => '/nodes',
  nodeRequests: () => '/nodes/requests',
  addNodes: () => '/nodes/add',
  node: (name: string, tab = '') => `/nodes/name/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
  runs: () => '/runs',
  newRun: (nodes = '') => `/runs/new${nodes === '' ? '' : `?nodes=${part(nodes)}`}`,
  run: (namespace: string, name: string) => `/runs/name/${part(namespace)}/${part(name)}`,
  schedules: () => '/schedules',
  /** Of a saved command, when one is given. */
  newSchedule: (command = '', namespace = 'default') =>
    `/schedules/new${command === '' ? '' : `?command=${part(command)}&namespace=${part(namespace)}`}`,
  schedule: (namespace: string, name: string, tab = '') =>
    `/schedules/name/${part(namespace)}/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
  savedCommands: () => '/saved-commands',
  newSavedCommand: () => '/saved-commands/new',
  savedCommand: (namespace: string, name: string, tab = '') =>
    `/saved-commands/name/${part(namespace)}/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
  transfers: () => '/files',
  newTransfer: () => '/files/new',
  transfer: (namespace: string, name: string) => `/files/name/${part(namespace)}/${part(name)}`,
  access: (tab = 'users') => `/access/${part(tab)}`,
  audit: () => '/audit',
  recordings: () => '/recordings',
  events: () => '/events',
  settings: () => '/settings',
  account: () => '/account',
  kinds: () => '/kinds',
  kind: (kind: KindName) => `/kinds/${kindPart(kind)}`,
  newObject: (kind: KindName, namespace = '') =>
    `/kinds/${kindPart(kind)}/new${namespace === '' ? '' : `?namespace=${part(namespace)}`}`,
  /** namespace '': of cluster scope. */
  object: (kind: KindName, namespace: string, name: string, tab = '') =>
    `/kinds/${kindPart(kind)}/name/${namespace === '' ? '-' : part(namespace)}/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
};
