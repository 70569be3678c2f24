// Tabs whose choice is in the address: each is a page that can be linked to.
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

export interface TabPage {
  readonly key: string;
  readonly title: string;
  readonly to: string;
  readonly show: () => ReactNode;
}

interface StripProps {
  readonly label: string;
  readonly tabs: readonly TabPage[];
  readonly active: string;
}

const PlainStrip = ({ label, tabs, active }: StripProps) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Tabs
      aria-label={label}
      backScrollAriaLabel={t('ui.tabsBack')}
      forwardScrollAriaLabel={t('ui.tabsForward')}
      activeKey={active}
      onSelect={(_event, key) => void navigate(tabs.find((tab) => tab.key === key)?.to ?? '')}
      usePageInsets
    >
      {tabs.map(({ key, title }) => (
        <Tab
          key={key}
          eventKey={key}
          title={<TabTitleText>{title}</TabTitleText>}
          tabContentId={`tab-${key}`}
        />
      ))}
    </Tabs>
  );
};

const namesOf = ({ label, tabs, active }: StripProps): string =>
  JSON.stringify([label, active, tabs.map(({ key, title, to }) => [key, title, to])]);

/** Tabs measure themselves each time they are rendered: not when only their pages have changed. */
const Strip = memo(PlainStrip, (before, after) => namesOf(before) === namesOf(after));

export const PageTabs = ({
  label,
  tabs,
  active,
}: {
  readonly label: string;
  readonly tabs: readonly TabPage[];
  /** '': the first. */
  readonly active: string;
}) => {
  const shown = tabs.find(({ key }) => key === active) ?? tabs[0];
  return (
    <>
      <PageSection hasBodyWrapper={false} type="tabs">
        <Strip label={label} tabs={tabs} active={shown?.key ?? ''} />
      </PageSection>
      <PageSection hasBodyWrapper={false} isFilled>
        <div id={`tab-${shown?.key ?? ''}`} role="tabpanel" aria-label={shown?.title}>
          {shown?.show()}
        </div>
      </PageSection>
    </>
  );
};
