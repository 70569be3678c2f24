// The kind that the address or somebody else names, or why there is none.
import type { DiscoveredKind } from '@drover/client';
import { Button, PageSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useKinds } from '../../api/openapi.ts';
import { paths } from '../../paths.ts';
import { type Crumb, PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';

interface Named {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly children: (kind: DiscoveredKind) => ReactNode;
  /** What stands around the words about a kind that is not known (yet). */
  readonly around?: (words: ReactNode) => ReactNode;
}

const asItIs = (words: ReactNode): ReactNode => words;

export const KnownKind = ({ group, version, plural, children, around = asItIs }: Named) => {
  const { t } = useTranslation();
  const { data, error, isPlaceholderData, refetch } = useKinds();
  if (error !== null && data === undefined)
    return around(<Problem error={error} onRetry={() => void refetch()} />);
  const kind = data?.find((one) => one.group === group && one.version === version && one.plural === plural);
  if (kind !== undefined) return children(kind);
  if (data === undefined || isPlaceholderData) return around(<Loading />);
  return around(
    <Nothing
      title={t('kinds.noSuchKind', { plural })}
      actions={
        <Button variant="link" component={(props) => <Link {...props} to={paths.kinds()} />}>
          {t('kinds.toKinds')}
        </Button>
      }
    >
      {t('kinds.noSuchKindBody', { group: group === '' ? 'core' : group, version })}
    </Nothing>,
  );
};

export const WithKind = ({ children }: Pick<Named, 'children'>) => {
  const { group = '', version = '', plural = '', name = plural } = useParams();
  const crumbs = useKindCrumbs();
  const around = (words: ReactNode): ReactNode => (
    <>
      <PageHead title={name} crumbs={crumbs} />
      <PageSection hasBodyWrapper={false} isFilled>
        {words}
      </PageSection>
    </>
  );
  return (
    <KnownKind group={group === 'core' ? '' : group} version={version} plural={plural} around={around}>
      {children}
    </KnownKind>
  );
};

/** Where pages of a kind stand. */
export const useKindCrumbs = (kind?: DiscoveredKind): readonly Crumb[] => {
  const { t } = useTranslation();
  const all = {
    title: t('shell.pages.kinds'),
    link: <Link to={paths.kinds()}>{t('shell.pages.kinds')}</Link>,
  };
  if (kind === undefined) return [all];
  return [all, { title: kind.kind, link: <Link to={paths.kind(kind)}>{kind.kind}</Link> }];
};
