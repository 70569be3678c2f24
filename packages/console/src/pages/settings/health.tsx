// How the controller is: what it has looked at of itself, what it found, and what to do.
import type { Check, ServerStatus } from '@drover/api';
import {
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Label,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { toSize } from '../recordings/words.ts';

/** There is nothing to watch. */
const lookAgainMs = 10_000;

const statuses = { ok: 'success', warn: 'warning', fail: 'danger' } as const;

const Figure = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <DescriptionListGroup>
    <DescriptionListTerm>{name}</DescriptionListTerm>
    <DescriptionListDescription>{children}</DescriptionListDescription>
  </DescriptionListGroup>
);

const Figures = ({ status }: { readonly status: ServerStatus }) => {
  const { t, i18n } = useTranslation();
  const { controllers = [], disk, nodes, memory, backups, eventLoop } = status;
  return (
    <DescriptionList isHorizontal isCompact>
      <Figure name={t('settings.health.started')}>
        <Age at={status.startedAt} />
      </Figure>
      <Figure name={t('settings.health.controllers')}>
        {controllers.map(({ controller, address, version, leads }) => (
          <div key={controller}>
            {version ?? t('ui.none')}, {address} {leads && t('settings.health.leads')}
          </div>
        ))}
      </Figure>
      <Figure name={t('settings.health.store')}>
        {status.store.kind}, {toSize(status.store.databaseBytes, i18n.language)}
      </Figure>
      <Figure name={t('settings.health.disk')}>
        {t('settings.health.free', {
          free: toSize(disk.freeBytes, i18n.language),
          all: toSize(disk.totalBytes, i18n.language),
        })}
      </Figure>
      <Figure name={t('settings.health.nodes')}>
        {nodes.connected} / {nodes.known}
      </Figure>
      <Figure name={t('settings.health.work')}>{status.activeWork}</Figure>
      <Figure name={t('settings.health.delay')}>{eventLoop.p99DelayMs.toFixed(1)} ms</Figure>
      <Figure name={t('settings.health.memory')}>{toSize(memory.residentBytes, i18n.language)}</Figure>
      <Figure name={t('settings.health.backup')}>
        {backups.lastAt === undefined ? t('ui.none') : <Age at={backups.lastAt} />}
      </Figure>
    </DescriptionList>
  );
};

const Checks = ({ checks }: { readonly checks: readonly Check[] }) => {
  const { t } = useTranslation();
  const columns: readonly Column<Check>[] = [
    { key: 'name', title: t('settings.health.check'), show: ({ name }) => name },
    {
      key: 'verdict',
      title: t('ui.status'),
      show: ({ verdict }) => (
        <Label isCompact status={statuses[verdict]}>
          {t(`settings.health.verdicts.${verdict}`)}
        </Label>
      ),
    },
    { key: 'message', title: t('settings.health.found'), show: ({ message }) => message },
    { key: 'remedy', title: t('settings.health.remedy'), show: ({ remedy = '' }) => remedy },
  ];
  return (
    <DataTable
      label={t('settings.health.checks')}
      columns={columns}
      rows={checks}
      keyOf={({ name }) => name}
    />
  );
};

export const Health = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: ['server-status'],
    queryFn: ({ signal }) => client.serverStatus({ signal }),
    refetchInterval: lookAgainMs,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  return (
    <Stack hasGutter>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.health.checks')}</CardTitle>
          <CardBody>
            <Checks checks={data.checks} />
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.health.figures')}</CardTitle>
          <CardBody>
            <Figures status={data} />
          </CardBody>
        </Card>
      </StackItem>
    </Stack>
  );
};
