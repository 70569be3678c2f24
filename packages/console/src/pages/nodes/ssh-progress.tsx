// One SSHEnrollment as it goes on: keys that somebody must compare, and every server until it is Ready.
import type { SSHEnrollment, SSHHostStatus } from '@drover/api';
import { sshEnrollments } from '@drover/client/kinds';
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  ClipboardCopy,
  Content,
  Label,
  PageSection,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { trustKeys, tryAgain } from './ssh-enrolment.ts';

const colours = { Ready: 'success', Failed: 'danger', HostKeyUnknown: 'warning' } as const;

const State = ({ host }: { readonly host: SSHHostStatus }) => {
  const { t } = useTranslation();
  const status = Object.hasOwn(colours, host.phase) ? colours[host.phase as keyof typeof colours] : 'info';
  return (
    <>
      <Label isCompact status={status}>
        {t(`nodes.ssh.state.${host.phase}`)}
      </Label>{' '}
      {/* What to do about an unknown key is said above. */}
      {host.phase === 'HostKeyUnknown' ? null : (
        <>
          {host.message}
          {host.remedy === undefined ? null : <Content component="small">{host.remedy}</Content>}
        </>
      )}
    </>
  );
};

/** Runs an action and shows what the controller says when it refuses. */
const useAct = () => {
  const [problem, setProblem] = useState('');
  const act = async (work: () => Promise<void>): Promise<void> => {
    setProblem('');
    await work().catch((error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  return { problem, act };
};

const Keys = ({
  enrolment,
  hosts,
}: {
  readonly enrolment: SSHEnrollment;
  readonly hosts: readonly SSHHostStatus[];
}) => {
  const { t } = useTranslation();
  const { namespace = '', name = '' } = enrolment.metadata;
  const able = useCan(can.trustHostKeys(namespace, name));
  const { problem, act } = useAct();
  const [asked, setAsked] = useState<Confirmation>();
  const trust = async (some: readonly SSHHostStatus[]): Promise<void> => {
    await trustKeys(enrolment, some);
    confirmDone(t('nodes.ssh.trusted'));
  };
  const columns: readonly Column<SSHHostStatus>[] = [
    { key: 'host', title: t('ui.name'), sortBy: ({ host }) => host, show: ({ host }) => host },
    {
      key: 'fingerprint',
      title: t('nodes.ssh.fingerprint'),
      show: ({ hostKey }) => (
        <span className="drover-code">{`${hostKey?.type ?? ''} ${hostKey?.fingerprint ?? ''}`}</span>
      ),
    },
    {
      key: 'trust',
      title: t('ui.actions'),
      show: (host) => (
        <ActionButton
          able={able}
          variant="secondary"
          size="sm"
          aria-label={t('nodes.ssh.trustOne', { host: host.host })}
          onClick={() => void act(() => trust([host]))}
        >
          {t('nodes.ssh.trust')}
        </ActionButton>
      ),
    },
  ];
  const count = hosts.length;
  const askAll = (): void =>
    setAsked({
      title: t('nodes.ssh.trustAsk'),
      body: t('nodes.ssh.trustMeans', { hosts: hosts.map(({ host }) => host).join(', ') }),
      action: t('nodes.ssh.trustAll', { count }),
      isDanger: false,
      run: () => trust(hosts),
    });
  return (
    <Card>
      <CardTitle component="h2">{t('nodes.ssh.keys')}</CardTitle>
      <CardBody>
        <Content component="p">{t('nodes.ssh.compare')}</Content>
        <ClipboardCopy
          isReadOnly
          isCode
          hoverTip={t('ui.copy')}
          clickTip={t('ui.copied')}
          textAriaLabel={t('nodes.ssh.command')}
        >
          {`ssh-keygen -lf /etc/ssh/ssh_host_${hosts[0]?.hostKey?.type.split('-')[1] ?? 'ed25519'}_key.pub`}
        </ClipboardCopy>
        {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
        <DataTable label={t('nodes.ssh.keys')} columns={columns} rows={hosts} keyOf={({ host }) => host} />
        {count < 2 ? null : (
          <ActionButton able={able} onClick={askAll}>
            {t('nodes.ssh.trustAll', { count })}
          </ActionButton>
        )}
        <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      </CardBody>
    </Card>
  );
};

const Hosts = ({
  enrolment,
  hosts,
}: {
  readonly enrolment: SSHEnrollment;
  readonly hosts: readonly SSHHostStatus[];
}) => {
  const { t } = useTranslation();
  const { namespace = '', name = '' } = enrolment.metadata;
  const able = useCan(can.changeSshEnrollment(namespace, name));
  const { problem, act } = useAct();
  const columns: readonly Column<SSHHostStatus>[] = [
    { key: 'host', title: t('ui.name'), sortBy: ({ host }) => host, show: ({ host }) => host },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: ({ phase }) => phase,
      show: (host) => <State host={host} />,
    },
    {
      key: 'node',
      title: t('shell.pages.nodes'),
      show: ({ node, phase }) =>
        node === undefined || phase !== 'Ready' ? node : <Link to={paths.node(node)}>{node}</Link>,
    },
    { key: 'since', title: t('nodes.ssh.since'), show: ({ since }) => <Age at={since} /> },
    {
      key: 'retry',
      title: t('ui.actions'),
      show: (host) =>
        host.phase !== 'Failed' ? null : (
          <ActionButton
            able={able}
            variant="link"
            isInline
            aria-label={t('nodes.ssh.retryOne', { host: host.host })}
            onClick={() => void act(() => tryAgain(enrolment, host))}
          >
            {t('nodes.ssh.retry')}
          </ActionButton>
        ),
    },
  ];
  return (
    <Card>
      <CardTitle component="h2">
        {t('nodes.ssh.summary', {
          ready: enrolment.status?.ready ?? 0,
          total: enrolment.status?.total ?? 0,
          failed: enrolment.status?.failed ?? 0,
        })}
      </CardTitle>
      <CardBody>
        {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
        <DataTable label={t('nodes.ssh.list')} columns={columns} rows={hosts} keyOf={({ host }) => host} />
      </CardBody>
    </Card>
  );
};

export const SshProgress = () => {
  const { t } = useTranslation();
  const { namespace = '', name = '' } = useParams();
  const { object, state, error, retry } = useLiveObject(sshEnrollments, name, namespace);
  const hosts = object?.status?.hosts ?? [];
  const unknown = hosts.filter(({ phase }) => phase === 'HostKeyUnknown');
  const nodes = t('shell.pages.nodes');
  const add = t('shell.pages.addNodes');
  return (
    <>
      <PageHead
        title={t('nodes.ssh.title')}
        crumbs={[
          { title: nodes, link: <Link to={paths.nodes()}>{nodes}</Link> },
          { title: add, link: <Link to={paths.addNodes('ssh')}>{add}</Link> },
        ]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        {state === 'loading' ? (
          <Loading />
        ) : state === 'failed' ? (
          <Problem error={error} onRetry={retry} />
        ) : object === undefined ? (
          <Nothing title={t('nodes.ssh.gone', { name })} />
        ) : (
          <Stack hasGutter>
            {unknown.length === 0 ? null : (
              <StackItem>
                <Keys enrolment={object} hosts={unknown} />
              </StackItem>
            )}
            <StackItem>
              <Hosts enrolment={object} hosts={hosts} />
            </StackItem>
          </Stack>
        )}
      </PageSection>
    </>
  );
};
