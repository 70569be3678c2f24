// Which Drover this is, where it is, and how to know that it is the right one.
import { nodes as nodeKind } from '@drover/client/kinds';
import { Card, CardBody, CardTitle, ClipboardCopy, Content, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { controllerAddress } from '../../api/address.ts';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { Facts } from '../../ui/facts.tsx';
import { Loading, Partial, Problem } from '../../ui/states.tsx';
import { caAddress, useCaFingerprint } from './ca.ts';
import { SupportBundle } from './support-bundle.tsx';

/** 'v1.35.0+drover-0.1.0' → what of it is Kubernetes' and what is ours. */
const toVersions = (text: string): { readonly kubernetes: string; readonly drover: string } => {
  const [kubernetes = '', drover = ''] = text.split('+drover-');
  return { kubernetes, drover };
};

const AgentVersions = () => {
  const { t } = useTranslation();
  const { items, state, error } = useLive(nodeKind);
  if (state === 'loading') return <>{t('ui.loading')}</>;
  if (state === 'failed') return <>{error?.message}</>;
  const counts = new Map<string, number>();
  for (const { status } of items) {
    const version = status?.nodeInfo?.kubeletVersion ?? t('ui.unknown');
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  if (counts.size === 0) return <>{t('ui.none')}</>;
  return (
    <>
      {[...counts].map(([version, count]) => (
        <div key={version}>{t('settings.agentVersion', { version, count })}</div>
      ))}
    </>
  );
};

export const About = () => {
  const { t } = useTranslation();
  const version = useQuery({
    queryKey: ['version'],
    queryFn: ({ signal }) => client.version({ signal }),
  });
  const ca = useCaFingerprint();
  const { kubernetes, drover } = toVersions(version.data?.gitVersion ?? '');
  const wait = t('ui.loading');
  return (
    <Stack hasGutter>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.versions')}</CardTitle>
          <CardBody>
            {version.data === undefined && version.error !== null ? (
              <Partial error={version.error} onRetry={() => void version.refetch()} />
            ) : null}
            <Facts
              facts={[
                [t('settings.controller'), drover || (version.isError ? t('ui.unknown') : wait)],
                [t('settings.api'), kubernetes || (version.isError ? t('ui.unknown') : wait)],
                [t('settings.agents'), <AgentVersions key="agents" />],
                [t('settings.address'), controllerAddress],
              ]}
            />
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.ca')}</CardTitle>
          <CardBody>
            <Content component="p">{t('settings.caAbout')}</Content>
            {ca.data === undefined && ca.error !== null ? (
              <Problem error={ca.error} onRetry={() => void ca.refetch()} />
            ) : ca.data === undefined ? (
              <Loading />
            ) : (
              <ClipboardCopy
                isReadOnly
                isCode
                textAriaLabel={t('settings.fingerprint')}
                hoverTip={t('ui.copy')}
                clickTip={t('ui.copied')}
              >
                {ca.data}
              </ClipboardCopy>
            )}
            <Content component="p">
              <a href={caAddress} download="drover-ca.pem">
                {t('settings.caDownload')}
              </a>
            </Content>
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <SupportBundle />
      </StackItem>
    </Stack>
  );
};
