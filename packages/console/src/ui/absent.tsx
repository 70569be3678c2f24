// What the page of one object shows while it has none to show: its head, as it will be, and why there is no more.
import { PageSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { type Crumb, PageHead } from './page-head.tsx';
import { Loading, Nothing, Problem } from './states.tsx';

interface AbsentProps {
  readonly title: string;
  readonly crumbs: readonly Crumb[];
  readonly state: 'loading' | 'live' | 'offline' | 'failed';
  readonly error?: unknown;
  readonly retry?: () => void;
  /** What is said of one that is not there. */
  readonly gone: string;
}

const Why = ({ crumbs, state, error, retry, gone }: AbsentProps): ReactNode => {
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  return <Nothing title={gone} actions={crumbs.at(-1)?.link} />;
};

export const Absent = (props: AbsentProps) => (
  <>
    <PageHead title={props.title} crumbs={props.crumbs} />
    <PageSection hasBodyWrapper={false} isFilled>
      <Why {...props} />
    </PageSection>
  </>
);
