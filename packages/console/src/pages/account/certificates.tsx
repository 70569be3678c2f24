// One's own client certificates. They are made by the command line, where the key has to stay.
import { Content } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { CredentialCard } from './credential-card.tsx';

export const Certificates = () => {
  const { t } = useTranslation();
  return (
    <CredentialCard
      kind="certificate"
      bounds={{
        key: 'groups',
        title: t('account.certificates.groups'),
        show: ({ groups = [] }) => groups.join(', ') || '-',
      }}
      none={null}
    >
      <Content component="p">{t('account.certificates.make')}</Content>
    </CredentialCard>
  );
};
