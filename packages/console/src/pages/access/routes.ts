import type { PageRoute } from '../../app/page-route.ts';

export const accessRoutes: readonly PageRoute[] = [
  { path: '/access/:tab?', load: async () => (await import('./access.tsx')).Access },
];
