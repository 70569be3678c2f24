// Services of a node by systemd, with what can be done to each, and the journal of one.
import type { Node } from '@drover/api';
import { Label } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../api/permissions.ts';
import { mustRunOn } from '../../api/quick-run.ts';
import { can } from '../../can.ts';
import { ActionMenu, type MenuAction } from '../../ui/action-menu.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { asked } from './asked.tsx';
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
  const [unit, setUnit] = useParameter('unit');
  const [confirming, setConfirming] = useState<Confirmation>();
  const services = useServices(node);
  const act = (service: Service, verb: (typeof verbs)[number]): void =>
    setConfirming({
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
        await services.refetch();
      },
    });
  const columns = useColumns(node, act, setUnit);
  return (
    <>
      <ListView
        {...asked(services)}
        label={t('nodes.tabs.services')}
        columns={columns}
        keyOf={unitOf}
        filterLabel={t('nodes.services.filter')}
        textsOf={({ unit: name, description, active }) => [name, description, active]}
        emptyTitle={t('ui.nothingFound')}
      />
      {unit === '' ? null : <Journal node={node} unit={unit} onClose={() => setUnit('')} />}
      <Confirm asked={confirming} onClose={() => setConfirming(undefined)} />
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
