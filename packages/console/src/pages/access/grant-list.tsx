// The ways on which somebody has rights: through whom, by which binding, of which role.
import { List, ListItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import type { Grant } from './model.ts';

export const GrantList = ({ grants }: { readonly grants: readonly Grant[] }) => {
  const { t } = useTranslation();
  if (grants.length === 0) return <>{t('access.noGrants')}</>;
  return (
    <List isPlain isBordered>
      {grants.map(({ binding: { kind, metadata, roleRef }, through, rules }) => (
        <ListItem key={`${kind}/${metadata.namespace}/${metadata.name}/${through}`}>
          <Link to={paths.access('roles', roleRef.name)}>{roleRef.name}</Link>{' '}
          {metadata.namespace === undefined
            ? t('access.everywhere')
            : t('access.inNamespace', { namespace: metadata.namespace })}
          {', '}
          {t('access.by', { binding: metadata.name, through })}
          {rules === undefined ? ` (${t('access.roleGone')})` : ''}
        </ListItem>
      ))}
    </List>
  );
};
