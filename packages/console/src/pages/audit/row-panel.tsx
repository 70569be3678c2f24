// One row of the audit trail, whole.
import type { AuditRecord } from '@drover/api';
import { CodeBlock, CodeBlockCode, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { Facts } from '../../ui/facts.tsx';

export const whatOf = ({ resource, group, subresource, namespace, name }: AuditRecord): string => {
  const kind = [group === undefined || group === '' ? resource : `${resource}.${group}`, subresource]
    .filter((part) => part !== undefined && part !== '')
    .join('/');
  const object = [namespace, name].filter((part) => part !== undefined && part !== '').join('/');
  return object === '' ? kind : `${kind} ${object}`;
};

export const RowPanel = ({ row }: { readonly row: AuditRecord }) => {
  const { t, i18n } = useTranslation();
  const nodes = row.nodes?.set ?? row.nodes?.asked;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [t('audit.when'), new Date(row.time).toLocaleString(i18n.language)],
    [t('audit.fields.user'), row.user || t('audit.nobody')],
    [t('audit.impersonator'), row.impersonator],
    [t('audit.groups'), row.groups?.join(', ')],
    [t('audit.credential'), row.credential],
    [t('audit.did'), `${row.verb} ${whatOf(row)}`],
    [t('audit.decision'), t(`audit.${row.decision}`)],
    [t('audit.code'), row.code],
    [t('audit.reason'), row.reason],
    [t('audit.from'), row.address],
    [t('audit.program'), row.userAgent],
    [t('audit.nodes'), nodes === undefined ? undefined : `${nodes} (${row.nodes?.count ?? '?'})`],
    [t('audit.command'), row.argv === undefined ? undefined : <code key="argv">{row.argv.join(' ')}</code>],
    [
      t('audit.recording'),
      row.recording === undefined ? undefined : (
        <Link key="recording" to={paths.recording(row.recording)}>
          {t('audit.replay')}
        </Link>
      ),
    ],
  ];
  return (
    <Stack hasGutter>
      <StackItem>
        <Facts facts={facts.filter(([, value]) => value !== undefined && value !== '')} />
      </StackItem>
      <StackItem>
        <CodeBlock>
          <CodeBlockCode>{JSON.stringify(row, null, 2)}</CodeBlockCode>
        </CodeBlock>
      </StackItem>
    </Stack>
  );
};
