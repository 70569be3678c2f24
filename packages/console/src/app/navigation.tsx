// The main navigation: every page that is not part of another.
import { Nav, NavGroup, NavItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { NavLink, useLocation } from 'react-router';
import { paths } from '../paths.ts';

const groups = [
  {
    title: 'fleet',
    pages: [
      { name: 'overview', to: paths.overview() },
      { name: 'nodes', to: paths.nodes() },
    ],
  },
  {
    title: 'work',
    pages: [
      { name: 'runs', to: paths.runs() },
      { name: 'schedules', to: paths.schedules() },
      { name: 'savedCommands', to: paths.savedCommands() },
      { name: 'files', to: paths.transfers() },
    ],
  },
  {
    title: 'security',
    pages: [
      { name: 'access', to: paths.access() },
      { name: 'audit', to: paths.audit() },
      { name: 'recordings', to: paths.recordings() },
    ],
  },
  {
    title: 'system',
    pages: [
      { name: 'events', to: paths.events() },
      { name: 'kinds', to: paths.kinds() },
      { name: 'settings', to: paths.settings() },
    ],
  },
] as const;

const isAt = (pathname: string, to: string): boolean =>
  to === '/' ? pathname === '/' : pathname.split('/')[1] === to.split('/')[1];

export const Navigation = () => {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Nav aria-label={t('shell.navigation')}>
      {groups.map(({ title, pages }) => (
        <NavGroup key={title} title={t(`shell.groups.${title}`)}>
          {pages.map(({ name, to }) => (
            <NavItem key={to} isActive={isAt(pathname, to)}>
              <NavLink to={to}>{t(`shell.pages.${name}`)}</NavLink>
            </NavItem>
          ))}
        </NavGroup>
      ))}
    </Nav>
  );
};
