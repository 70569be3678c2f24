// Who may do what: people, programs, roles and what binds them; and how people sign in.
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { paths } from '../../paths.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { Accounts } from './accounts.tsx';
import { Bindings } from './bindings.tsx';
import { Explain } from './explain.tsx';
import { Groups } from './groups.tsx';
import { Matrix } from './matrix.tsx';
import { Policies } from './policies.tsx';
import { Roles } from './roles.tsx';
import { SignInMethods } from './sign-in-methods.tsx';
import { Users } from './users.tsx';

const tabs = [
  ['users', Users],
  ['groups', Groups],
  ['accounts', Accounts],
  ['roles', Roles],
  ['bindings', Bindings],
  ['matrix', Matrix],
  ['explain', Explain],
  ['methods', SignInMethods],
  ['policies', Policies],
] as const;

export const Access = () => {
  const { t } = useTranslation();
  const { tab = '' } = useParams();
  return (
    <>
      <PageHead title={t('shell.pages.access')} />
      <PageTabs
        label={t('shell.pages.access')}
        active={tab}
        tabs={tabs.map(([key, Shown]) => ({
          key,
          title: t(`access.tabs.${key}`),
          to: paths.access(key),
          show: () => <Shown key={key} />,
        }))}
      />
    </>
  );
};
