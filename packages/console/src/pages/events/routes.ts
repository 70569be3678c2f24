import type { PageRoute } from '../../app/page-route.ts';

export const eventsRoutes: readonly PageRoute[] = [
  { path: '/events', load: async () => (await import('./events.tsx')).Events },
];
