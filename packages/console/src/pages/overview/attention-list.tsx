// What needs attention: cause and next step, each a link to where it is done.
import { Alert, AlertGroup, Content } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Age } from '../../ui/age.tsx';
import type { Attention } from './attention.ts';

const shown = 8;
const variants = {
  'node-lost': 'danger',
  'node-unwell': 'warning',
  approval: 'info',
  joining: 'info',
  failed: 'warning',
} as const;

export const AttentionList = ({ items }: { readonly items: readonly Attention[] }) => {
  const { t } = useTranslation();
  if (items.length === 0) return <Content component="p">{t('overview.allWell')}</Content>;
  return (
    <>
      <AlertGroup aria-label={t('overview.attention')}>
        {items.slice(0, shown).map(({ key, kind, subject, cause, since, to }) => (
          <Alert
            key={key}
            isInline
            isPlain
            component="h3"
            variant={variants[kind]}
            title={t(`overview.kinds.${kind}`, { name: subject })}
            actionLinks={<Link to={to}>{t(`overview.steps.${kind}`)}</Link>}
          >
            {cause} <Age at={since} />
          </Alert>
        ))}
      </AlertGroup>
      {items.length > shown ? (
        <Content component="p">{t('overview.more', { count: items.length - shown })}</Content>
      ) : null}
    </>
  );
};
