// The frame around every page: masthead, navigation, confirmations.
import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  Page,
  PageSidebar,
  PageSidebarBody,
  PageToggleButton,
  SkipToContent,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
} from '@patternfly/react-core';
import { BarsIcon } from '@patternfly/react-icons';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import type { Session } from '../api/session.ts';
import { paths } from '../paths.ts';
import { SearchButton } from '../search/search-button.tsx';
import { Toasts } from '../ui/toasts.tsx';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';
import { Standing } from './standing.tsx';
import { UserMenu } from './user-menu.tsx';

const contentId = 'content';

const Head = ({ session }: { readonly session: Session }) => {
  const { t } = useTranslation();
  return (
    <Masthead>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton aria-label={t('shell.toggleNavigation')} id="navigation-toggle">
            <BarsIcon />
          </PageToggleButton>
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={(props) => <Link {...props} to={paths.overview()} />}>
            <Logo />
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isStatic>
          <ToolbarContent>
            <ToolbarGroup align={{ default: 'alignEnd' }}>
              <ToolbarItem>
                <SearchButton />
              </ToolbarItem>
              <ToolbarItem>
                <UserMenu session={session} />
              </ToolbarItem>
            </ToolbarGroup>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </Masthead>
  );
};

/** Of the page as it is now: another address would leave it. */
const Skip = () => {
  const { t } = useTranslation();
  const { search } = useLocation();
  return <SkipToContent href={`${location.pathname}${search}#${contentId}`}>{t('shell.skip')}</SkipToContent>;
};

export const Frame = ({
  session,
  isEnded,
  children,
}: {
  readonly session: Session;
  /** The session has ended while the page was open. */
  readonly isEnded: boolean;
  readonly children: ReactNode;
}) => {
  const [, setOpen] = useState(true);
  return (
    <Page
      mainContainerId={contentId}
      isManagedSidebar
      onPageResize={(_event, { mobileView }) => setOpen(!mobileView)}
      masthead={<Head session={session} />}
      sidebar={
        <PageSidebar>
          <PageSidebarBody>
            <Navigation />
          </PageSidebarBody>
        </PageSidebar>
      }
      skipToContent={<Skip />}
    >
      <Standing isEnded={isEnded} />
      {children}
      <Toasts />
    </Page>
  );
};
