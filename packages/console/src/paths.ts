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

/** What a tab keeps in its address. */
type Query = Readonly<Record<string, string>>;

const workPart = (namespace: string, name: string, tab: string, query: Query): string => {
  const search = new URLSearchParams(query);
  const tabPart = tab === '' ? '' : `/${part(tab)}`;
  return `${part(namespace)}/${part(name)}${tabPart}${search.size === 0 ? '' : `?${search}`}`;
};

/** What is '' is left out. */
const query = (parameters: Readonly<Record<string, string>>): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  return given.length === 0 ? '' : `?${given.map(([name, value]) => `${name}=${part(value)}`).join('&')}`;
};

export const paths = {
  overview: () => '/',
  nodes: () => '/nodes',
  nodeRequests: () => '/nodes/requests',
  /** `way`: '' is by a pasted line. */
  addNodes: (way: '' | 'ssh' = '') => (way === '' ? '/nodes/add' : '/nodes/add/ssh'),
  sshEnrollment: (namespace: string, name: string) => `/nodes/add/ssh/${part(namespace)}/${part(name)}`,
  node: (name: string, tab = '') => `/nodes/name/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
  /** `path`: of a file or directory on it, as a manifest has it. */
  nodeFiles: (name: string, path: string) => `/nodes/name/${part(name)}/files?path=${part(path)}`,
  runs: () => '/runs',
  newRun: (nodes = '') => `/runs/new${nodes === '' ? '' : `?nodes=${part(nodes)}`}`,
  run: (namespace: string, name: string, tab = '', query: Query = {}) =>
    `/runs/name/${workPart(namespace, name, tab, query)}`,
  schedules: () => '/schedules',
  /** Of a saved command, when one is given. */
  newSchedule: (command = '', namespace = 'default') =>
    `/schedules/new${command === '' ? '' : `?command=${part(command)}&namespace=${part(namespace)}`}`,
  /** Of the command that is being composed in this tab. */
  newScheduleOfDraft: (namespace: string) => `/schedules/new?of=draft&namespace=${part(namespace)}`,
  schedule: (namespace: string, name: string, tab = '') =>
    `/schedules/name/${part(namespace)}/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
  savedCommands: () => '/saved-commands',
  newSavedCommand: () => '/saved-commands/new',
  savedCommand: (namespace: string, name: string, tab = '') =>
    `/saved-commands/name/${part(namespace)}/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
  transfers: () => '/files',
  newTransfer: () => '/files/new',
  transfer: (namespace: string, name: string, tab = '', query: Query = {}) =>
    `/files/name/${workPart(namespace, name, tab, query)}`,
  /** `q`: what the tab's list is narrowed to. */
  access: (tab = 'users', q = '') => `/access/${part(tab)}${q === '' ? '' : `?q=${part(q)}`}`,
  /** Why somebody may, or may not; what is left out is asked for on the page. */
  explainAccess: (who: string, asked: Readonly<Record<string, string>> = {}) =>
    `/access/explain?${new URLSearchParams({ who, ...asked })}`,
  audit: () => '/audit',
  recordings: () => '/recordings',
  recording: (id: string) => `/recordings/${part(id)}`,
  events: () => '/events',
  settings: (tab = '') => `/settings${tab === '' ? '' : `/${part(tab)}`}`,
  account: () => '/account',
  kinds: () => '/kinds',
  kind: (kind: KindName, namespace = '') => `/kinds/${kindPart(kind)}${query({ namespace })}`,
  kindFields: (kind: KindName) => `/kinds/${kindPart(kind)}/fields`,
  newObject: (kind: KindName, namespace = '', tab = '') =>
    `/kinds/${kindPart(kind)}/new${query({ namespace, tab })}`,
  /** namespace '': of cluster scope. */
  object: (kind: KindName, namespace: string, name: string, tab = '') =>
    `/kinds/${kindPart(kind)}/name/${namespace === '' ? '-' : part(namespace)}/${part(name)}${tab === '' ? '' : `/${part(tab)}`}`,
};
