// Which Drover this is, where it is, and how to know that it is the right one.
import { nodes as nodeKind } from '@drover/client/kinds';
import { Card, CardBody, CardTitle, ClipboardCopy, Content, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { controllerAddress } from '../../api/address.ts';
import { client } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { Facts } from '../../ui/facts.tsx';
import { caAddress, useCaFingerprint } from './ca.ts';
import { SupportBundle } from './support-bundle.tsx';

/** 'v1.35.0+drover-0.1.0' → what of it is Kubernetes' and what is ours. */
const toVersions = (text: string): { readonly kubernetes: string; readonly drover: string } => {
  const [kubernetes = '', drover = ''] = text.split('+drover-');
  return { kubernetes, drover };
};

const AgentVersions = () => {
  const { t } = useTranslation();
  const { items } = useLive(nodeKind);
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
  const { data: version } = useQuery({
    queryKey: ['version'],
    queryFn: ({ signal }) => client.version({ signal }),
  });
  const { data: fingerprint, error } = useCaFingerprint();
  const { kubernetes, drover } = toVersions(version?.gitVersion ?? '');
  return (
    <Stack hasGutter>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.versions')}</CardTitle>
          <CardBody>
            <Facts
              facts={[
                [t('settings.controller'), drover || t('ui.loading')],
                [t('settings.api'), kubernetes || t('ui.loading')],
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
            {error === null ? (
              <ClipboardCopy
                isReadOnly
                isCode
                textAriaLabel={t('settings.fingerprint')}
                hoverTip={t('ui.copy')}
                clickTip={t('ui.copied')}
              >
                {fingerprint ?? t('ui.loading')}
              </ClipboardCopy>
            ) : (
              <p>{error.message}</p>
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
