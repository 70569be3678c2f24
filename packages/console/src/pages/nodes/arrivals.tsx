// Servers that ask to join with one token, from their request until they are Ready.
import type { CertificateSigningRequest, Node } from '@drover/api';
import { certificateSigningRequests, nodes as nodeKind } from '@drover/client/kinds';
import { Content, Label, Spinner } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Problem } from '../../ui/states.tsx';
import { nameOf } from './node-columns.tsx';
import { NodeStateLabel } from './node-state.tsx';
import { askerOf, fingerprintOf, isPending, nodeOf, nodeRequests, requestName } from './request.ts';

interface Arrival {
  readonly request: CertificateSigningRequest;
  readonly node: Node | undefined;
}

/** The condition that ended the request badly; undefined: none did. */
const refusalOf = ({ status }: CertificateSigningRequest) =>
  status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');

const State = ({ request, node }: Arrival) => {
  const { t } = useTranslation();
  const refusal = refusalOf(request);
  if (refusal !== undefined)
    return (
      <>
        <Label isCompact status="danger">
          {t('nodes.arrivals.refused')}
        </Label>{' '}
        {refusal.message}
      </>
    );
  if (isPending(request)) return <Link to={paths.nodeRequests()}>{t('nodes.arrivals.waits')}</Link>;
  if (node?.status?.nodeInfo === undefined)
    return (
      <Label isCompact status="info">
        {t('nodes.arrivals.connecting')}
      </Label>
    );
  return <NodeStateLabel node={node} />;
};

export const Arrivals = ({ token }: { readonly token: string }) => {
  const { t } = useTranslation();
  const requests = useLive(certificateSigningRequests, nodeRequests);
  const nodes = useLive(nodeKind);
  if (requests.state === 'failed') return <Problem error={requests.error} onRetry={requests.retry} />;
  const byName = new Map(nodes.items.map((node) => [nameOf(node), node]));
  const arrivals: readonly Arrival[] = requests.items
    .filter((request) => askerOf(request) === token)
    .map((request) => ({ request, node: byName.get(nodeOf(request)) }));
  if (arrivals.length === 0)
    return (
      <Content component="p">
        <Spinner size="md" aria-label={t('nodes.arrivals.none')} /> {t('nodes.arrivals.none')}
      </Content>
    );
  const columns: readonly Column<Arrival>[] = [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: ({ request }) => nodeOf(request),
      show: ({ request, node }) =>
        node === undefined ? (
          nodeOf(request)
        ) : (
          <Link to={paths.node(nodeOf(request))}>{nodeOf(request)}</Link>
        ),
    },
    { key: 'state', title: t('ui.status'), show: (arrival) => <State {...arrival} /> },
    {
      key: 'fingerprint',
      title: t('nodes.requests.fingerprint'),
      show: ({ request }) => <span className="drover-code">{fingerprintOf(request)}</span>,
    },
    {
      key: 'asked',
      title: t('nodes.arrivals.asked'),
      show: ({ request }) => <Age at={request.metadata.creationTimestamp} />,
    },
  ];
  return (
    <DataTable
      label={t('nodes.arrivals.title')}
      columns={columns}
      rows={arrivals}
      keyOf={({ request }) => requestName(request)}
    />
  );
};
