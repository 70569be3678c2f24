// Owns what can be jumped to: every page, the main actions, and every object of every kind that the person may list.
import type { KubeObject } from '@drover/api';
import type { DiscoveredKind } from '@drover/client';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client } from '../api/client.ts';
import { paths } from '../paths.ts';
import type { Target } from './rank.ts';

const rememberMs = 30_000;
const perKind = 2_000;
/** Notes and measures of objects, not objects that anybody looks for by name. */
const skipped = new Set(['events', 'leases']);
const metadataOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

const ownPage = (kind: DiscoveredKind, { name = '', namespace = '' }: KubeObject['metadata']): string => {
  if (kind.kind === 'Node') return paths.node(name);
  if (kind.kind === 'CommandRun') return paths.run(namespace, name);
  if (kind.kind === 'Schedule') return paths.schedule(namespace, name);
  if (kind.kind === 'SavedCommand') return paths.savedCommand(namespace, name);
  if (kind.kind === 'FileTransfer') return paths.transfer(namespace, name);
  if (kind.kind === 'SSHEnrollment') return paths.sshEnrollment(namespace, name);
  return paths.object(kind, namespace, name);
};

const pathOf = ({ group, version, plural }: DiscoveredKind): string =>
  `${group === '' ? '/api' : `/apis/${group}`}/${version}/${plural}`;

const load = async (kind: DiscoveredKind, signal: AbortSignal): Promise<readonly Target[]> => {
  const list = await client.transport.json<{ readonly items: readonly KubeObject[] }>({
    path: pathOf(kind),
    query: { limit: perKind },
    accept: metadataOnly,
    signal,
  });
  return list.items.map(({ metadata }) => ({
    key: `${kind.plural}.${kind.group} ${metadata.namespace ?? ''}/${metadata.name}`,
    title: metadata.name ?? '',
    kind: metadata.namespace === undefined ? kind.kind : `${kind.kind} (${metadata.namespace})`,
    to: ownPage(kind, metadata),
  }));
};

const pages = [
  'overview',
  'nodes',
  'nodeRequests',
  'runs',
  'schedules',
  'savedCommands',
  'transfers',
  'audit',
  'recordings',
  'events',
  'kinds',
  'settings',
  'account',
] as const;
const actions = ['newRun', 'newSchedule', 'newSavedCommand', 'newTransfer', 'addNodes'] as const;

const useOwnTargets = (): readonly Target[] => {
  const { t } = useTranslation();
  const page = (name: (typeof pages)[number]): Target => ({
    key: `page ${name}`,
    title: t(`shell.pages.${name === 'transfers' ? 'files' : name}`),
    kind: t('search.kinds.page'),
    to: paths[name](),
  });
  const action = (name: (typeof actions)[number]): Target => ({
    key: `action ${name}`,
    title: t(`shell.pages.${name}`),
    kind: t('search.kinds.action'),
    to: paths[name](),
  });
  const access: Target = {
    key: 'page access',
    title: t('shell.pages.access'),
    kind: t('search.kinds.page'),
    to: paths.access(),
  };
  return [...actions.map(action), ...pages.map(page), access];
};

/** The tabs of pages that are many pages in one. */
const tabs = {
  access: ['users', 'groups', 'accounts', 'roles', 'bindings', 'matrix', 'explain', 'methods', 'policies'],
  settings: ['about', 'health', 'encryption', 'certificates', 'backup', 'retention'],
} as const;

const useTabTargets = (): readonly Target[] => {
  const { t } = useTranslation();
  const tab = (page: 'access' | 'settings', key: string, title: string): Target => ({
    key: `page ${page}/${key}`,
    title,
    kind: t(`shell.pages.${page}`),
    to: paths[page](key),
  });
  return [
    ...tabs.access.map((key) => tab('access', key, t(`access.tabs.${key}`))),
    ...tabs.settings.map((key) => tab('settings', key, t(`settings.tabs.${key}`))),
  ];
};

/** Of every kind: its list, and a new object of it. */
const useKindTargets = (kinds: readonly DiscoveredKind[]): readonly Target[] => {
  const { t } = useTranslation();
  return kinds.flatMap((kind) => {
    const name = `${kind.plural}.${kind.group}`;
    const list = {
      key: `kind ${name}`,
      title: kind.kind,
      kind: t('search.kinds.kind'),
      to: paths.kind(kind),
    };
    if (!kind.verbs.includes('create')) return [list];
    const title = t('kinds.newObject.title', { kind: kind.kind });
    return [list, { key: `new ${name}`, title, kind: t('search.kinds.action'), to: paths.newObject(kind) }];
  });
};

/** A kind that may not be listed has none to show. */
export const useTargets = (): { readonly targets: readonly Target[]; readonly isLooking: boolean } => {
  const own = [...useOwnTargets(), ...useTabTargets()];
  const kinds = useQuery({
    queryKey: ['kinds'],
    queryFn: async ({ signal }) => (await client.discover({ signal })).kinds,
    staleTime: rememberMs,
  });
  const listed = (kinds.data ?? []).filter(
    ({ group, plural }) => !skipped.has(plural) && group !== 'metrics.k8s.io' && !plural.endsWith('reviews'),
  );
  const ofKinds = useKindTargets(listed);
  const objects = useQueries({
    queries: listed.map((kind) => ({
      queryKey: ['names', kind.group, kind.version, kind.plural],
      queryFn: ({ signal }: { signal: AbortSignal }) => load(kind, signal),
      staleTime: rememberMs,
      retry: false,
    })),
  });
  return {
    targets: [...own, ...ofKinds, ...objects.flatMap(({ data }) => data ?? [])],
    isLooking: kinds.isLoading || objects.some(({ isLoading }) => isLoading),
  };
};
