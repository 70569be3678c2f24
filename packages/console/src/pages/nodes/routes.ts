import type { PageRoute } from '../../app/page-route.ts';

export const nodesRoutes: readonly PageRoute[] = [
  { path: '/nodes', load: async () => (await import('./nodes.tsx')).Nodes },
  { path: '/nodes/name/:name/:tab?', load: async () => (await import('./node-page.tsx')).NodePage },
];
