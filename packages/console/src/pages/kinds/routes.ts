import type { PageRoute } from '../../app/page-route.ts';

const kind = '/kinds/:group/:version/:plural';

export const kindsRoutes: readonly PageRoute[] = [
  { path: '/kinds', load: async () => (await import('./kinds.tsx')).Kinds },
  { path: kind, load: async () => (await import('./kind-list.tsx')).KindList },
  { path: `${kind}/fields`, load: async () => (await import('./kind-fields.tsx')).KindFields },
  { path: `${kind}/new`, load: async () => (await import('./new-object.tsx')).NewObject },
  {
    path: `${kind}/name/:namespace/:name/:tab?`,
    load: async () => (await import('./object-page.tsx')).ObjectPage,
  },
];
