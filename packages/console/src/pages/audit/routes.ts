import type { PageRoute } from '../../app/page-route.ts';

export const auditRoutes: readonly PageRoute[] = [
  { path: '/audit', load: async () => (await import('./audit.tsx')).Audit },
  { path: '/recordings', load: async () => (await import('../recordings/recordings.tsx')).Recordings },
  { path: '/recordings/:id', load: async () => (await import('../recordings/recording.tsx')).RecordingPage },
];
