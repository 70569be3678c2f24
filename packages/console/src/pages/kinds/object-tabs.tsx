// The tabs that every object has on its page, whichever area shows it: its YAML, what happened to it, who did what to it.
import type { KubeObject } from '@drover/api';
import type { DiscoveredKind } from '@drover/client';
import type { KindReference } from '@drover/client/kinds';
import { useTranslation } from 'react-i18next';
import { useOpenApi } from '../../api/openapi.ts';
import { Loading, Partial } from '../../ui/states.tsx';
import type { TabPage } from '../../ui/tabs.tsx';
import { ObjectEvents } from '../events/object-events.tsx';
import { EditObject } from './edit/edit-object.tsx';
import { ObjectAudit } from './object/object-audit.tsx';
import { schemasOfKind } from './schema/schema.ts';
import { KnownKind } from './with-kind.tsx';

const Yaml = ({ kind, object }: { readonly kind: DiscoveredKind; readonly object: KubeObject }) => {
  const { data, error, refetch } = useOpenApi(kind);
  if (data === undefined && error === null) return <Loading />;
  const schemas = data === undefined ? undefined : schemasOfKind(data, kind);
  return (
    <>
      {data === undefined ? <Partial error={error} onRetry={() => void refetch()} /> : null}
      <EditObject kind={kind} object={object} schemas={schemas} as="yaml" />
    </>
  );
};

/** `to`: the address of the page with this tab open. */
export const useObjectTabs = (
  kind: KindReference,
  object: KubeObject | undefined,
  to: (tab: string) => string,
): readonly TabPage[] => {
  const { t } = useTranslation();
  if (object === undefined) return [];
  const { name = '', namespace = '' } = object.metadata;
  const within = namespace === '' ? {} : { namespace };
  const shows = {
    yaml: () => <KnownKind {...kind}>{(known) => <Yaml kind={known} object={object} />}</KnownKind>,
    events: () => <ObjectEvents kind={kind.kind} name={name} {...within} />,
    audit: () => <ObjectAudit kind={kind} name={name} namespace={namespace} />,
  };
  return (['yaml', 'events', 'audit'] as const).map((key) => ({
    key,
    title: t(`kinds.object.tabs.${key}`),
    to: to(key),
    show: shows[key],
  }));
};
