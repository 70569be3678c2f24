// One object of any kind: what it is, how it is, what happened to it; and changing it by form or as YAML.
import type { KubeObject } from '@drover/api';
import type { DiscoveredKind } from '@drover/client';
import { Button, Label } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { useOpenApi } from '../../api/openapi.ts';
import { paths } from '../../paths.ts';
import { Absent } from '../../ui/absent.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Partial } from '../../ui/states.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { EditObject } from './edit/edit-object.tsx';
import { ObjectActions } from './object/object-actions.tsx';
import { ObjectDetails } from './object/object-details.tsx';
import { useObjectTabs } from './object-tabs.tsx';
import { schemasOfKind } from './schema/schema.ts';
import { useKindCrumbs, WithKind } from './with-kind.tsx';
import { type Place, throwAway, typeText, useDraft } from './yaml/draft.ts';

const Tabs = ({
  kind,
  object,
  tab,
}: {
  readonly kind: DiscoveredKind;
  readonly object: KubeObject;
  readonly tab: string;
}) => {
  const { t } = useTranslation();
  const { data, error, refetch } = useOpenApi(kind);
  const { name = '', namespace = '' } = object.metadata;
  const schemas = data === undefined ? undefined : schemasOfKind(data, kind);
  const to = (key: string) => paths.object(kind, namespace, name, key === 'details' ? '' : key);
  const common = useObjectTabs(kind, object, to);
  const show = (key: 'details' | 'form') => {
    if (data === undefined && error === null) return <Loading />;
    return (
      <>
        {data === undefined ? <Partial error={error} onRetry={() => void refetch()} /> : null}
        {key === 'details' ? (
          <ObjectDetails object={object} schemas={schemas} />
        ) : (
          <EditObject kind={kind} object={object} schemas={schemas} as={key} />
        )}
      </>
    );
  };
  const own = (['details', 'form'] as const).map((key) => ({
    key,
    title: t(`kinds.object.tabs.${key}`),
    to: to(key),
    show: () => show(key),
  }));
  return <PageTabs label={name} active={tab} tabs={[...own, ...common]} />;
};

/** What somebody has typed of an object that is gone can still become a new one. */
const Gone = ({ kind, place }: { readonly kind: DiscoveredKind; readonly place: Place }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const draft = useDraft(place);
  const createAnew = (text: string): void => {
    typeText({ kind, namespace: '', name: '' }, text, undefined);
    throwAway(place);
    void navigate(paths.newObject(kind, place.namespace, 'yaml'));
  };
  return (
    <Nothing
      title={t('kinds.object.gone', { kind: kind.kind, name: place.name })}
      actions={
        <>
          {draft === undefined ? null : (
            <Button onClick={() => createAnew(draft.text)}>{t('kinds.object.createAnew')}</Button>
          )}
          <Button variant="link" component={(props) => <Link {...props} to={paths.kind(kind)} />}>
            {t('kinds.object.backToList')}
          </Button>
        </>
      }
    >
      {t(draft === undefined ? 'kinds.object.goneBody' : 'kinds.object.goneDraft')}
    </Nothing>
  );
};

const Shown = ({ kind }: { readonly kind: DiscoveredKind }) => {
  const { t } = useTranslation();
  const { namespace: within = '-', name = '', tab = '' } = useParams();
  const namespace = within === '-' ? undefined : within;
  const crumbs = useKindCrumbs(kind);
  const { object, ...live } = useLiveObject(kind, name, namespace);
  if (live.state === 'failed' || (object === undefined && live.state === 'loading'))
    return <Absent {...live} title={name} crumbs={crumbs} gone="" />;
  if (object === undefined)
    return (
      <>
        <PageHead title={name} crumbs={crumbs} />
        <Gone kind={kind} place={{ kind, namespace: namespace ?? '', name }} />
      </>
    );
  return (
    <>
      <PageHead
        title={name}
        badge={
          <>
            <Label isCompact variant="outline">
              {kind.kind}
            </Label>
            {object.metadata.deletionTimestamp === undefined ? null : (
              <Label isCompact status="warning">
                {t('kinds.object.deleting')}
              </Label>
            )}
          </>
        }
        crumbs={crumbs}
        actions={<ObjectActions kind={kind} object={object} />}
      />
      <Tabs kind={kind} object={object} tab={tab} />
    </>
  );
};

export const ObjectPage = () => <WithKind>{(kind) => <Shown kind={kind} />}</WithKind>;
