import type { PageRoute } from '../../app/page-route.ts';

export const transfersRoutes: readonly PageRoute[] = [
  { path: '/files', load: async () => (await import('./transfers.tsx')).Transfers },
  { path: '/files/new', load: async () => (await import('./new-transfer.tsx')).NewTransfer },
  {
    path: '/files/name/:namespace/:name/:tab?',
    load: async () => (await import('./transfer-page.tsx')).TransferPage,
  },
];
