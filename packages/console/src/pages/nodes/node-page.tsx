// One server: what it is, how it is, what happened to it, and what can be done with it.
import type { Node } from '@drover/api';
import { nodes as nodeKind } from '@drover/client/kinds';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Absent } from '../../ui/absent.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { useObjectTabs } from '../kinds/object-tabs.tsx';
import { NodeFiles } from '../node-files/node-files.tsx';
import { NodeActions } from './node-actions.tsx';
import { NodeCertificate } from './node-certificate.tsx';
import { NodeDetails } from './node-details.tsx';
import { NodeMetrics } from './node-metrics.tsx';
import { NodePackages } from './node-packages.tsx';
import { NodeRuns } from './node-runs.tsx';
import { NodeServices } from './node-services.tsx';
import { NodeStateLabel } from './node-state.tsx';
import { NodeTerminal } from './node-terminal.tsx';

const tabs = [
  'details',
  'metrics',
  'runs',
  'terminal',
  'files',
  'services',
  'packages',
  'certificate',
] as const;

const show = (tab: (typeof tabs)[number], node: Node, name: string): ReactNode => {
  switch (tab) {
    case 'details':
      return <NodeDetails node={node} />;
    case 'metrics':
      return <NodeMetrics node={node} />;
    case 'runs':
      return <NodeRuns name={name} />;
    case 'terminal':
      return <NodeTerminal node={node} />;
    case 'files':
      return <NodeFiles node={node} />;
    case 'services':
      return <NodeServices node={node} />;
    case 'packages':
      return <NodePackages node={node} />;
    case 'certificate':
      return <NodeCertificate node={node} />;
  }
};

export const NodePage = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { name = '', tab = '' } = useParams();
  const { object: node, ...live } = useLiveObject(nodeKind, name);
  const common = useObjectTabs(nodeKind, node, (key) => paths.node(name, key));
  const title = t('shell.pages.nodes');
  const crumbs = [{ title, link: <Link to={paths.nodes()}>{title}</Link> }];
  if (node === undefined || live.state === 'failed')
    return <Absent {...live} title={name} crumbs={crumbs} gone={t('nodes.gone', { name })} />;
  const own = tabs.map((key) => ({
    key,
    title: t(`nodes.tabs.${key}`),
    to: paths.node(name, key === 'details' ? '' : key),
    show: () => show(key, node, name),
  }));
  return (
    <>
      <PageHead
        title={name}
        badge={<NodeStateLabel node={node} />}
        crumbs={crumbs}
        actions={
          <NodeActions nodes={[node]} title={t('ui.actions')} onGone={() => void navigate(paths.nodes())} />
        }
      />
      <PageTabs label={name} active={tab} tabs={[...own, ...common]} />
    </>
  );
};
