// The certificate that the agent is known by, and how to take it away.
import type { Node } from '@drover/api';
import { Alert, Card, CardBody, CardTitle, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Age } from '../../ui/age.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { useFacts } from './facts.ts';
import { nameOf } from './node-columns.tsx';

const Code = ({ children }: { readonly children: string }) => <span className="drover-code">{children}</span>;

export const NodeCertificate = ({ node }: { readonly node: Node }) => {
  const { t, i18n } = useTranslation();
  const { data, error, refetch } = useFacts(nameOf(node), node.metadata.resourceVersion);
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const { certificate } = data;
  if (certificate === undefined || certificate === null)
    return <Nothing title={t('nodes.certificate.none')}>{t('nodes.certificate.noneBody')}</Nothing>;
  const day = (at: string): string => new Date(at).toLocaleString(i18n.language);
  return (
    <Stack hasGutter>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('nodes.tabs.certificate')}</CardTitle>
          <CardBody>
            <Facts
              facts={[
                [t('nodes.certificate.serial'), <Code key="serial">{certificate.serial}</Code>],
                [t('nodes.certificate.from'), day(certificate.notBefore)],
                [
                  t('nodes.certificate.until'),
                  <span key="until">
                    {day(certificate.notAfter)} (<Age at={certificate.notAfter} />)
                  </span>,
                ],
                [
                  t('nodes.certificate.revoked'),
                  certificate.revokedAt === null ? t('ui.no') : day(certificate.revokedAt),
                ],
                [t('nodes.requests.fingerprint'), <Code key="key">{certificate.fingerprint}</Code>],
              ]}
            />
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <Alert isInline variant="info" title={t('nodes.certificate.renews')}>
          {t('nodes.certificate.revoke')}
        </Alert>
      </StackItem>
    </Stack>
  );
};
