// Owns which page an address shows. Each page is a file of its own, fetched when it is first shown.
import { Button } from '@patternfly/react-core';
import { Component, lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Route, Routes, useLocation } from 'react-router';
import { paths } from '../paths.ts';
import { Loading, Nothing, Problem } from '../ui/states.tsx';

const Overview = lazy(async () => ({ default: (await import('../pages/overview/overview.tsx')).Overview }));
const Events = lazy(async () => ({ default: (await import('../pages/events/events.tsx')).Events }));
const Nodes = lazy(async () => ({ default: (await import('../pages/nodes/nodes.tsx')).Nodes }));
const NodePage = lazy(async () => ({ default: (await import('../pages/nodes/node-page.tsx')).NodePage }));

const NotFound = () => {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Nothing
      title={t('shell.notFound')}
      actions={
        <Button variant="link" component={(props) => <Link {...props} to={paths.overview()} />}>
          {t('shell.toOverview')}
        </Button>
      }
    >
      {t('shell.notFoundBody', { path: pathname })}
    </Nothing>
  );
};

/** One page that breaks leaves the frame and all others as they are. */
class Safe extends Component<{ readonly children: ReactNode }, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? (
      this.props.children
    ) : (
      <Problem error={error} onRetry={() => location.reload()} />
    );
  }
}

export const Pages = () => {
  const { pathname } = useLocation();
  return (
    <Safe key={pathname}>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route path="/" element={<Overview />} />
          <Route path="/nodes" element={<Nodes />} />
          <Route path="/nodes/name/:name/:tab?" element={<NodePage />} />
          <Route path="/events" element={<Events />} />
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </Safe>
  );
};
