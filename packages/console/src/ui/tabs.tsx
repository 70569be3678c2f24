// Tabs whose choice is in the address: each is a page that can be linked to.
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';

export interface TabPage {
  readonly key: string;
  readonly title: string;
  readonly to: string;
  readonly show: () => ReactNode;
}

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
  const navigate = useNavigate();
  const shown = tabs.find(({ key }) => key === active) ?? tabs[0];
  return (
    <>
      <PageSection hasBodyWrapper={false} type="tabs">
        <Tabs
          aria-label={label}
          activeKey={shown?.key ?? ''}
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
      </PageSection>
      <PageSection hasBodyWrapper={false} isFilled>
        <div id={`tab-${shown?.key ?? ''}`} role="tabpanel" aria-label={shown?.title}>
          {shown?.show()}
        </div>
      </PageSection>
    </>
  );
};
