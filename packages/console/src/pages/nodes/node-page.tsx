// One server: what it is, how it is, what happened to it.
import { nodes as nodeKind } from '@drover/client/kinds';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { ObjectEvents } from '../events/object-events.tsx';
import { NodeDetails } from './node-details.tsx';
import { NodeStateLabel } from './node-state.tsx';

export const NodePage = () => {
  const { t } = useTranslation();
  const { name = '', tab = '' } = useParams();
  const { object: node, state, error } = useLiveObject(nodeKind, name);
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} />;
  if (node === undefined) return <Nothing title={t('nodes.gone', { name })} />;
  const title = t('shell.pages.nodes');
  return (
    <>
      <PageHead
        title={name}
        badge={<NodeStateLabel node={node} />}
        crumbs={[{ title, link: <Link to={paths.nodes()}>{title}</Link> }]}
      />
      <PageTabs
        label={name}
        active={tab}
        tabs={[
          {
            key: 'details',
            title: t('nodes.tabs.details'),
            to: paths.node(name),
            show: () => <NodeDetails node={node} />,
          },
          {
            key: 'events',
            title: t('nodes.tabs.events'),
            to: paths.node(name, 'events'),
            show: () => <ObjectEvents kind="Node" name={name} />,
          },
        ]}
      />
    </>
  );
};
