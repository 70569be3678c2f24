// Servers that wait for a person to let them in.
import type { CertificateSigningRequest } from '@drover/api';
import { certificateSigningRequests } from '@drover/client/kinds';
import { Content, PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { forEachOf } from '../../api/many.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import {
  addressOf,
  askerOf,
  decideRequest,
  fingerprintOf,
  isPending,
  machineOf,
  nodeOf,
  nodeRequests,
  requestName,
} from './request.ts';

type Request = CertificateSigningRequest;

const Code = ({ children }: { readonly children: string }) => <span className="drover-code">{children}</span>;

const useColumns = (): readonly Column<Request>[] => {
  const { t } = useTranslation();
  return [
    { key: 'node', title: t('ui.name'), sortBy: nodeOf, show: nodeOf },
    {
      key: 'fingerprint',
      title: t('nodes.requests.fingerprint'),
      show: (request) => <Code>{fingerprintOf(request)}</Code>,
    },
    {
      key: 'machine',
      title: t('nodes.requests.machine'),
      show: (request) => <Code>{machineOf(request)}</Code>,
    },
    { key: 'from', title: t('nodes.requests.from'), sortBy: addressOf, show: addressOf },
    { key: 'asker', title: t('nodes.requests.token'), sortBy: askerOf, show: askerOf },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
      show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
  ];
};

/** The keys that the decision is about, to be compared with what the servers show. */
const Keys = ({ requests, note }: { readonly requests: readonly Request[]; readonly note: string }) => (
  <>
    <Content component="p">{note}</Content>
    <Facts
      facts={requests.map((request) => [
        nodeOf(request),
        <Code key={requestName(request)}>{fingerprintOf(request)}</Code>,
      ])}
    />
  </>
);

const Queue = ({ waiting }: { readonly waiting: readonly Request[] }) => {
  const { t } = useTranslation();
  const columns = useColumns();
  const [text, setText] = useParameter('chosen');
  const [asked, setAsked] = useState<Confirmation>();
  const able = useCan(can.approveNodes());
  const chosen = new Set(text.split(',').filter((name) => waiting.some((one) => requestName(one) === name)));
  const requests = waiting.filter((request) => chosen.has(requestName(request)));
  const ask = (type: 'Approved' | 'Denied', verb: 'approve' | 'reject'): void =>
    setAsked({
      title: t(`nodes.requests.${verb}Ask`, { count: requests.length }),
      body: <Keys requests={requests} note={t(`nodes.requests.${verb}Means`)} />,
      action: t(`nodes.requests.${verb}`),
      isDanger: type === 'Denied',
      run: async () => {
        const byName = new Map(requests.map((request) => [requestName(request), request]));
        await forEachOf([...byName.keys()], async (name) => {
          const request = byName.get(name);
          if (request !== undefined) await decideRequest(request, { type });
        });
        setText('');
        confirmDone(t(`nodes.requests.${verb}Done`, { count: requests.length }));
      },
    });
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <ActionButton
              able={able}
              isDisabled={chosen.size === 0}
              onClick={() => ask('Approved', 'approve')}
            >
              {t('nodes.requests.approve')}
            </ActionButton>
          </ToolbarItem>
          <ToolbarItem>
            <ActionButton
              variant="danger"
              able={able}
              isDisabled={chosen.size === 0}
              onClick={() => ask('Denied', 'reject')}
            >
              {t('nodes.requests.reject')}
            </ActionButton>
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.selected', { count: chosen.size })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <DataTable
        label={t('shell.pages.nodeRequests')}
        columns={columns}
        rows={waiting}
        keyOf={requestName}
        choice={{ chosen, onChange: (names) => setText([...names].join(',')) }}
      />
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};

export const Requests = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(certificateSigningRequests, nodeRequests);
  const waiting = items.filter(isPending);
  const title = t('shell.pages.nodes');
  const body = (): React.ReactNode => {
    if (state === 'loading') return <Loading />;
    if (state === 'failed') return <Problem error={error} onRetry={retry} />;
    if (waiting.length > 0) return <Queue waiting={waiting} />;
    return (
      <Nothing
        title={t('nodes.requests.empty')}
        actions={<Link to={paths.addNodes()}>{t('nodes.add.title')}</Link>}
      >
        {t('nodes.requests.emptyBody')}
      </Nothing>
    );
  };
  return (
    <>
      <PageHead
        title={t('shell.pages.nodeRequests')}
        description={t('nodes.requests.description')}
        crumbs={[{ title, link: <Link to={paths.nodes()}>{title}</Link> }]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        {body()}
      </PageSection>
    </>
  );
};
