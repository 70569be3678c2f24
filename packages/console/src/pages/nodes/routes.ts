import type { PageRoute } from '../../app/page-route.ts';

export const nodesRoutes: readonly PageRoute[] = [
  { path: '/nodes', load: async () => (await import('./nodes.tsx')).Nodes },
  { path: '/nodes/requests', load: async () => (await import('./requests.tsx')).Requests },
  { path: '/nodes/add/:way?', load: async () => (await import('./add-nodes.tsx')).AddNodes },
  {
    path: '/nodes/add/ssh/:namespace/:name',
    load: async () => (await import('./ssh-progress.tsx')).SshProgress,
  },
  { path: '/nodes/name/:name/:tab?', load: async () => (await import('./node-page.tsx')).NodePage },
];
