// How long what is kept, how much there is of it now, and the change of the one by whoever may.
import type { Kept, RetentionPolicy } from '@drover/api';
import { retentionPolicies } from '@drover/client/kinds';
import { Content, Stack, StackItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLiveObject } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { toSize } from '../recordings/words.ts';
import { RetentionDialog } from './retention-dialog.tsx';
import { numberOf, type Part, parts } from './retention-fields.ts';

/** Where it can be seen. */
const pages: Readonly<Partial<Record<Part['part'], () => string>>> = {
  audit: paths.audit,
  recordings: paths.recordings,
  events: paths.events,
};

const PartName = ({ part }: { readonly part: Part['part'] }) => {
  const { t } = useTranslation();
  const name = t(`settings.retention.parts.${part}`);
  const page = pages[part];
  return page === undefined ? name : <Link to={page()}>{name}</Link>;
};

/** '30 days', '90 days, at most 10,240 MiB' */
const useBounds = ({ spec }: RetentionPolicy) => {
  const { t } = useTranslation();
  return ({ part, numbers }: Part): string =>
    numbers
      .map((name) => ({ name, count: numberOf(spec, part, name) }))
      .filter(({ name, count }) => !(name === 'keepRows' && count === 0))
      .map(({ name, count }) => t(`settings.retention.bounds.${name}`, { count }))
      .join(', ');
};

/** '12 runs', '40 pieces of output, 1.2 MB', 'about 4,000,000 revisions, 9 GB' */
const useAmounts = (kept: readonly Kept[]) => {
  const { t, i18n } = useTranslation();
  return (part: Part): readonly string[] =>
    part.kept.flatMap((name) => {
      const found = kept.find((one) => one.name === name);
      if (found === undefined) return [];
      const { count, bytes = 0, isEstimate = false } = found;
      const words = t(`settings.retention.kept.${name}`, { count });
      const amount = bytes === 0 ? words : `${words}, ${toSize(bytes, i18n.language)}`;
      return [isEstimate ? t('settings.retention.estimate', { amount }) : amount];
    });
};

const Parts = ({ policy }: { readonly policy: RetentionPolicy }) => {
  const { t } = useTranslation();
  const { kept = [] } = policy.status ?? {};
  const bounds = useBounds(policy);
  const amounts = useAmounts(kept);
  const columns: readonly Column<Part>[] = [
    { key: 'what', title: t('settings.retention.what'), show: ({ part }) => <PartName part={part} /> },
    { key: 'bound', title: t('settings.retention.bound'), show: bounds },
    {
      key: 'now',
      title: t('settings.retention.now'),
      show: (part) => amounts(part).map((line) => <div key={line}>{line}</div>),
    },
    {
      key: 'about',
      title: t('settings.retention.meaning'),
      show: ({ part }) => t(`settings.retention.about.${part}`),
    },
  ];
  return (
    <DataTable
      label={t('settings.tabs.retention')}
      columns={columns}
      rows={parts}
      keyOf={({ part }) => part}
    />
  );
};

const Together = ({ status: { databaseBytes, measuredAt } = {} }: Pick<RetentionPolicy, 'status'>) => {
  const { t, i18n } = useTranslation();
  const size = databaseBytes === undefined ? t('ui.unknown') : toSize(databaseBytes, i18n.language);
  return (
    <Facts
      facts={[
        [t('settings.retention.database'), size],
        [t('settings.retention.measured'), <Age key="measured" at={measuredAt} />],
      ]}
    />
  );
};

export const Retention = () => {
  const { t } = useTranslation();
  const { object, state, error, retry } = useLiveObject(retentionPolicies, 'default');
  const mayChange = useCan(can.any('patch', retentionPolicies, undefined, 'default'));
  const [isOpen, setOpen] = useState(false);
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (object === undefined) return <Loading />;
  return (
    <Stack hasGutter>
      <StackItem>
        <Content component="p">{t('settings.retention.intro')}</Content>
      </StackItem>
      <StackItem>
        <ActionButton able={mayChange} onClick={() => setOpen(true)}>
          {t('settings.retention.change')}
        </ActionButton>
      </StackItem>
      <StackItem>
        <Parts policy={object} />
      </StackItem>
      <StackItem>
        <Together {...(object.status === undefined ? {} : { status: object.status })} />
      </StackItem>
      {isOpen ? <RetentionDialog spec={object.spec} onClose={() => setOpen(false)} /> : null}
    </Stack>
  );
};
