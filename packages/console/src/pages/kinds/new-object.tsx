// A new object of any kind, by form or as YAML: begun with what the kind's schema requires.

import type { DiscoveredKind } from '@drover/client';
import { namespaces as namespaceKind } from '@drover/client/kinds';
import { FormGroup, FormSelect, FormSelectOption, PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useLive } from '../../api/live.ts';
import { type OpenApiDocument, useOpenApi } from '../../api/openapi.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { Editing } from './edit/editing.tsx';
import { schemasOfKind, skeletonOf } from './schema/schema.ts';
import { useKindCrumbs, WithKind } from './with-kind.tsx';
import { contentOf, parseText, withValue } from './yaml/document.ts';
import { typeText, useDraft } from './yaml/draft.ts';
import { toYaml } from './yaml/editable.ts';

const NamespaceChoice = ({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (namespace: string) => void;
}) => {
  const { t } = useTranslation();
  const { items } = useLive(namespaceKind);
  const names = new Set([value, ...items.map(({ metadata }) => metadata.name ?? '')]);
  return (
    <FormGroup label={t('kinds.newObject.namespace')} fieldId="new-namespace" style={{ maxWidth: '30rem' }}>
      <FormSelect id="new-namespace" value={value} onChange={(_event, chosen) => onChange(chosen)}>
        {[...names].sort().map((name) => (
          <FormSelectOption key={name} value={name} label={name} />
        ))}
      </FormSelect>
    </FormGroup>
  );
};

/** The namespace that the text names. */
const namespaceIn = (text: string): string => {
  const value = contentOf(parseText(text)) as
    | { readonly metadata?: { readonly namespace?: unknown } }
    | null
    | undefined;
  return typeof value?.metadata?.namespace === 'string' ? value.metadata.namespace : '';
};

const Creating = ({
  kind,
  document,
}: {
  readonly kind: DiscoveredKind;
  readonly document: OpenApiDocument;
}) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [wanted] = useParameter('namespace');
  const [tab] = useParameter('tab');
  const schemas = schemasOfKind(document, kind);
  const hasStatus = kind.subresources.includes('status');
  const subject = { kind, namespace: '', name: '', hasStatus, schemas };
  const draft = useDraft(subject);
  const offered = toYaml(skeletonOf(kind, schemas, wanted === '' ? 'default' : wanted));
  const text = draft?.text ?? offered;
  const namespace = namespaceIn(text);
  const able = useCan(can.any('create', kind, kind.namespaced ? namespace || 'default' : undefined));
  const edit = (as: 'form' | 'yaml') => (
    <Editing
      subject={subject}
      title={kind.kind}
      text={offered}
      base={undefined}
      schemas={schemas}
      able={able}
      as={as}
      notice={
        kind.namespaced ? (
          <NamespaceChoice
            value={namespace || 'default'}
            onChange={(chosen) =>
              typeText(subject, withValue(text, ['metadata', 'namespace'], chosen), undefined)
            }
          />
        ) : undefined
      }
      onStored={({ metadata }) => {
        const name = metadata.name ?? '';
        confirmDone(t('kinds.edit.created', { name }));
        void navigate(paths.object(kind, metadata.namespace ?? '', name));
      }}
    />
  );
  return (
    <PageTabs
      label={t('kinds.newObject.title', { kind: kind.kind })}
      active={tab}
      tabs={[
        {
          key: 'form',
          title: t('kinds.object.tabs.form'),
          to: paths.newObject(kind, wanted),
          show: () => edit('form'),
        },
        {
          key: 'yaml',
          title: t('kinds.object.tabs.yaml'),
          to: paths.newObject(kind, wanted, 'yaml'),
          show: () => edit('yaml'),
        },
      ]}
    />
  );
};

const Page = ({ kind }: { readonly kind: DiscoveredKind }) => {
  const { t } = useTranslation();
  const { data, error, refetch } = useOpenApi(kind);
  return (
    <>
      <PageHead title={t('kinds.newObject.title', { kind: kind.kind })} crumbs={useKindCrumbs(kind)} />
      {data !== undefined ? (
        <Creating kind={kind} document={data} />
      ) : (
        <PageSection hasBodyWrapper={false}>
          {error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />}
        </PageSection>
      )}
    </>
  );
};

export const NewObject = () => <WithKind>{(kind) => <Page kind={kind} />}</WithKind>;
