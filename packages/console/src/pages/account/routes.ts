import type { PageRoute } from '../../app/page-route.ts';

export const accountRoutes: readonly PageRoute[] = [
  { path: '/account', load: async () => (await import('./account.tsx')).Account },
];
