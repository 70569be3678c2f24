import type { PageRoute } from '../../app/page-route.ts';

export const settingsRoutes: readonly PageRoute[] = [
  { path: '/settings/:tab?', load: async () => (await import('./settings.tsx')).Settings },
];
