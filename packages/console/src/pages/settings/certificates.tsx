// Requests for certificates, and what became of them.
import type { CertificateSigningRequest } from '@drover/api';
import { certificateSigningRequests } from '@drover/client/kinds';
import { Content, Label } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { ListView } from '../../ui/list-view.tsx';

const nameOf = ({ metadata }: CertificateSigningRequest): string => metadata.name ?? '';

type State = 'issued' | 'denied' | 'failed' | 'waiting';

const stateOf = ({ status }: CertificateSigningRequest): State => {
  const has = (type: string): boolean =>
    status?.conditions?.some((condition) => condition.type === type) ?? false;
  if (has('Denied')) return 'denied';
  if (has('Failed')) return 'failed';
  return status?.certificate === undefined ? 'waiting' : 'issued';
};

const colours = { issued: 'success', denied: 'danger', failed: 'danger', waiting: 'warning' } as const;

export const Certificates = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(certificateSigningRequests);
  const columns: readonly Column<CertificateSigningRequest>[] = [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (request) => (
        <Link to={paths.object(certificateSigningRequests, '', nameOf(request))}>{nameOf(request)}</Link>
      ),
    },
    {
      key: 'state',
      title: t('ui.status'),
      sortBy: stateOf,
      show: (request) => (
        <Label isCompact status={colours[stateOf(request)]}>
          {t(`settings.requests.${stateOf(request)}`)}
        </Label>
      ),
    },
    {
      key: 'signer',
      title: t('settings.requests.signer'),
      sortBy: ({ spec }) => spec.signerName,
      show: ({ spec }) => spec.signerName,
    },
    {
      key: 'by',
      title: t('settings.requests.by'),
      sortBy: ({ spec }) => spec.username ?? '',
      show: ({ spec }) => spec.username ?? '',
    },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
      show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
  ];
  return (
    <>
      <Content component="p">
        {t('settings.requests.about')} <Link to={paths.nodeRequests()}>{t('shell.pages.nodeRequests')}</Link>
      </Content>
      <ListView
        label={t('settings.tabs.certificates')}
        rows={items}
        state={state}
        error={error}
        retry={retry}
        columns={columns}
        keyOf={nameOf}
        filterLabel={t('settings.requests.filter')}
        textsOf={(request) => [nameOf(request), request.spec.signerName, request.spec.username ?? '']}
        emptyTitle={t('settings.requests.empty')}
        emptyBody={t('settings.requests.emptyBody')}
      />
    </>
  );
};
