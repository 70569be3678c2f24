// The controller itself: what it is, its keys and certificates, its backups, and how long it keeps what.
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { paths } from '../../paths.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { About } from './about.tsx';
import { Backup } from './backup.tsx';
import { Certificates } from './certificates.tsx';
import { Encryption } from './encryption.tsx';
import { Health } from './health.tsx';
import { Retention } from './retention.tsx';

const tabs = [
  ['about', About],
  ['health', Health],
  ['encryption', Encryption],
  ['certificates', Certificates],
  ['backup', Backup],
  ['retention', Retention],
] as const;

export const Settings = () => {
  const { t } = useTranslation();
  const { tab = '' } = useParams();
  return (
    <>
      <PageHead title={t('shell.pages.settings')} />
      <PageTabs
        label={t('shell.pages.settings')}
        active={tab}
        tabs={tabs.map(([key, Shown]) => ({
          key,
          title: t(`settings.tabs.${key}`),
          to: paths.settings(key),
          show: () => <Shown key={key} />,
        }))}
      />
    </>
  );
};
