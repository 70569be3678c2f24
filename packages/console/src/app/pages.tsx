// Owns which page an address shows. Each page is a file of its own, fetched when it is first shown.
import { Button } from '@patternfly/react-core';
import { Component, lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Route, Routes, useLocation } from 'react-router';
import { fetched } from '../api/connection.ts';
import { accessRoutes } from '../pages/access/routes.ts';
import { accountRoutes } from '../pages/account/routes.ts';
import { auditRoutes } from '../pages/audit/routes.ts';
import { eventsRoutes } from '../pages/events/routes.ts';
import { kindsRoutes } from '../pages/kinds/routes.ts';
import { nodesRoutes } from '../pages/nodes/routes.ts';
import { overviewRoutes } from '../pages/overview/routes.ts';
import { runsRoutes } from '../pages/runs/routes.ts';
import { schedulesRoutes } from '../pages/schedules/routes.ts';
import { settingsRoutes } from '../pages/settings/routes.ts';
import { transfersRoutes } from '../pages/transfers/routes.ts';
import { paths } from '../paths.ts';
import { Loading, Nothing, Problem } from '../ui/states.tsx';

const routes = [
  ...overviewRoutes,
  ...nodesRoutes,
  ...runsRoutes,
  ...schedulesRoutes,
  ...transfersRoutes,
  ...accessRoutes,
  ...auditRoutes,
  ...eventsRoutes,
  ...kindsRoutes,
  ...settingsRoutes,
  ...accountRoutes,
].map(({ path, load }) => ({ path, Shown: lazy(async () => ({ default: await fetched(load) })) }));

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
          {routes.map(({ path, Shown }) => (
            <Route key={path} path={path} element={<Shown />} />
          ))}
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </Safe>
  );
};
