import type { PageRoute } from '../../app/page-route.ts';

export const runsRoutes: readonly PageRoute[] = [
  { path: '/runs', load: async () => (await import('./runs.tsx')).Runs },
  { path: '/runs/new', load: async () => (await import('./compose.tsx')).Compose },
  {
    path: '/runs/name/:namespace/:name/:tab?',
    load: async () => (await import('./run-page.tsx')).RunPage,
  },
];
