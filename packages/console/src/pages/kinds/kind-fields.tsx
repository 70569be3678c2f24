// What a kind's objects are made of: its fields with types, descriptions and defaults, from its OpenAPI schema.
import type { DiscoveredKind } from '@drover/client';
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useOpenApi } from '../../api/openapi.ts';
import { Filter, useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { schemasOfKind } from './schema/schema.ts';
import { SchemaTree } from './schema/schema-tree.tsx';
import { useKindCrumbs, WithKind } from './with-kind.tsx';

const Fields = ({ kind }: { readonly kind: DiscoveredKind }) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const { data, error, refetch } = useOpenApi(kind);
  const crumbs = useKindCrumbs(kind);
  const schemas = data === undefined ? undefined : schemasOfKind(data, kind);
  const body = () => {
    if (data === undefined)
      return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
    return schemas === undefined ? (
      <Nothing title={t('kinds.form.noSchema')} />
    ) : (
      <SchemaTree schemas={schemas} filter={filter} onClear={() => setFilter('')} />
    );
  };
  return (
    <>
      <PageHead
        title={t('kinds.fieldsOf', { kind: kind.kind })}
        description={schemas?.root.description}
        crumbs={crumbs}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <Toolbar>
          <ToolbarContent>
            <ToolbarItem>
              <Filter label={t('kinds.filterFields')} value={filter} onChange={setFilter} />
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
        {body()}
      </PageSection>
    </>
  );
};

export const KindFields = () => <WithKind>{(kind) => <Fields kind={kind} />}</WithKind>;
