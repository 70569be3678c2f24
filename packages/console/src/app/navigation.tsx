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
  { title: 'system', pages: [{ name: 'events', to: paths.events() }] },
] as const;

const isAt = (pathname: string, to: string): boolean =>
  to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`);

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
