// The head of a page: where it stands, its one h1, what can be done.
import {
  Breadcrumb,
  BreadcrumbItem,
  Content,
  Flex,
  FlexItem,
  PageSection,
  Title,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';

export interface Crumb {
  readonly title: string;
  /** Rendered as a link by the caller's router. */
  readonly link: ReactNode;
}

/** As high as a button: the title stays where it is when actions come to stand beside it. */
const headHeight = '2.3125rem';

export const PageHead = ({
  title,
  badge,
  description,
  actions,
  crumbs = [],
}: {
  readonly title: string;
  readonly badge?: ReactNode;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly crumbs?: readonly Crumb[];
}) => (
  <PageSection hasBodyWrapper={false}>
    {crumbs.length === 0 ? null : (
      <Breadcrumb>
        {crumbs.map(({ title: name, link }) => (
          <BreadcrumbItem key={name}>{link}</BreadcrumbItem>
        ))}
        <BreadcrumbItem isActive>{title}</BreadcrumbItem>
      </Breadcrumb>
    )}
    <Flex
      justifyContent={{ default: 'justifyContentSpaceBetween' }}
      alignItems={{ default: 'alignItemsFlexStart' }}
    >
      {/* A long description wraps; it does not push the actions below itself. */}
      <FlexItem style={{ flex: '1 1 16rem', minWidth: 0 }}>
        <Flex alignItems={{ default: 'alignItemsCenter' }} style={{ minHeight: headHeight }}>
          <Title headingLevel="h1" style={{ overflowWrap: 'anywhere' }}>
            {title}
          </Title>
          {badge}
        </Flex>
        {description === undefined ? null : <Content component="p">{description}</Content>}
      </FlexItem>
      <Flex>{actions}</Flex>
    </Flex>
  </PageSection>
);
