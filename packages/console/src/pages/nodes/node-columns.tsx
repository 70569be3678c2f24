// Owns the columns of the node list.
import type { Node } from '@drover/api';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { UsageBar } from '../../ui/usage-bar.tsx';
import { addressOf, NodeStateLabel, nodeState } from './node-state.tsx';
import type { Use } from './usage.ts';

export const nameOf = ({ metadata }: Node): string => metadata.name ?? '';
const osOf = ({ status }: Node): string => status?.nodeInfo?.osImage ?? '';
/** Without the word that says whose version it is. */
export const agentVersionOf = ({ status }: Node): string =>
  (status?.nodeInfo?.kubeletVersion ?? '').replace(/^drover\//, '');

export const useNodeColumns = (uses: ReadonlyMap<string, Use>): readonly Column<Node>[] => {
  const { t } = useTranslation();
  const ofNode = (node: Node): Use => uses.get(nameOf(node)) ?? {};
  const bar = (key: string, title: string, shareOf: (use: Use) => number | undefined): Column<Node> => ({
    key,
    title,
    width: '10rem',
    sortBy: (node) => shareOf(ofNode(node)) ?? -1,
    show: (node) => {
      const share = shareOf(ofNode(node));
      return share === undefined ? (
        ''
      ) : (
        <div style={{ minWidth: '9rem', whiteSpace: 'nowrap' }}>
          <UsageBar label={`${title} ${nameOf(node)}`} share={share} />
        </div>
      );
    },
  });
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (node) => <Link to={paths.node(nameOf(node))}>{nameOf(node)}</Link>,
    },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: nodeState,
      show: (node) => <NodeStateLabel node={node} />,
    },
    bar('cpu', t('nodes.cpuUse'), ({ cpuShare }) => cpuShare),
    bar('memory', t('nodes.memory'), ({ memoryShare }) => memoryShare),
    { key: 'os', title: t('nodes.os'), sortBy: osOf, show: osOf },
    { key: 'address', title: t('nodes.address'), sortBy: addressOf, show: addressOf },
    { key: 'agent', title: t('nodes.agent'), sortBy: agentVersionOf, show: agentVersionOf },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
      show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
  ];
};
