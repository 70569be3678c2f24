// Services of a node by systemd, with what can be done to each, and the journal of one.
import type { Node } from '@drover/api';
import { Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../api/permissions.ts';
import { mustRunOn } from '../../api/quick-run.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { ActionMenu, type MenuAction } from '../../ui/action-menu.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { textAt, useFacts } from './facts.ts';
import { Journal } from './journal.tsx';
import { nameOf } from './node-columns.tsx';
import { listUnits, parseUnits, type Service } from './services.ts';

const verbs = ['start', 'stop', 'restart', 'enable', 'disable'] as const;
/** Of what the host says, in a confirmation. */
const maxSaid = 200;
const losing: readonly string[] = ['stop', 'disable'];

const unitOf = ({ unit }: Service): string => unit;

const stateStatus = (active: string): { readonly status?: 'success' | 'danger' | 'info' } => {
  if (active === 'active') return { status: 'success' };
  return active === 'failed' ? { status: 'danger' } : {};
};

const useColumns = (
  node: string,
  act: (service: Service, verb: (typeof verbs)[number]) => void,
  showJournal: (unit: string) => void,
): readonly Column<Service>[] => {
  const { t } = useTranslation();
  const able = useCan(can.runCommands('default'));
  return [
    { key: 'unit', title: t('nodes.services.unit'), sortBy: unitOf, show: unitOf },
    {
      key: 'active',
      title: t('ui.status'),
      sortBy: ({ active }) => active,
      show: ({ active, sub }) => (
        <Label isCompact {...stateStatus(active)}>
          {`${active} (${sub})`}
        </Label>
      ),
    },
    { key: 'description', title: t('nodes.services.description'), show: ({ description }) => description },
    {
      key: 'actions',
      title: t('ui.actions'),
      show: (service) => (
        <ActionMenu
          title={t('nodes.services.actions')}
          label={t('nodes.services.actionsOf', { unit: service.unit, node })}
          actions={[
            {
              key: 'journal',
              title: t('nodes.services.journal'),
              able,
              run: () => showJournal(service.unit),
            },
            ...verbs.map(
              (verb): MenuAction => ({
                key: verb,
                title: t(`nodes.services.${verb}`),
                able,
                isDanger: losing.includes(verb),
                run: () => act(service, verb),
              }),
            ),
          ]}
        />
      ),
    },
  ];
};

const useServices = (node: string) =>
  useQuery({
    queryKey: ['services', node],
    queryFn: async ({ signal }) => parseUnits((await mustRunOn(node, listUnits, 'services', signal)).stdout),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

const Services = ({ node }: { readonly node: string }) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const [unit, setUnit] = useParameter('unit');
  const [asked, setAsked] = useState<Confirmation>();
  const { data, error, isFetching, refetch } = useServices(node);
  const act = (service: Service, verb: (typeof verbs)[number]): void =>
    setAsked({
      title: t(`nodes.services.ask`, { verb: t(`nodes.services.${verb}`), unit: service.unit, node }),
      body: t(`nodes.services.means.${verb}`),
      action: t(`nodes.services.${verb}`),
      isDanger: losing.includes(verb),
      run: async () => {
        const argv = ['systemctl', verb, '--', service.unit];
        const { stderr } = await mustRunOn(node, argv, `service-${verb}`);
        // systemctl tells there what it has made, or that there was nothing to enable.
        const said = stderr.trim().slice(0, maxSaid);
        confirmDone(`${t('nodes.services.done', { unit: service.unit })} ${said}`.trim());
        await refetch();
      },
    });
  const columns = useColumns(node, act, setUnit);
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const found = data.filter(({ unit: name, description, active }) =>
    matches(filter, [name, description, active]),
  );
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('nodes.services.filter')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem>
            <ActionButton
              variant="secondary"
              isLoading={isFetching}
              isDisabled={isFetching}
              onClick={() => void refetch()}
            >
              {t('nodes.askAgain')}
            </ActionButton>
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={() => setFilter('')} />
      ) : (
        <DataTable label={t('nodes.tabs.services')} columns={columns} rows={found} keyOf={unitOf} />
      )}
      {unit === '' ? null : <Journal node={node} unit={unit} onClose={() => setUnit('')} />}
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};

export const NodeServices = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const { data, error, refetch } = useFacts(nameOf(node), node.metadata.resourceVersion);
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (textAt(data.facts, 'serviceManager') !== 'systemd')
    return <Nothing title={t('nodes.services.noSystemd')}>{t('nodes.services.noSystemdBody')}</Nothing>;
  return <Services node={nameOf(node)} />;
};
