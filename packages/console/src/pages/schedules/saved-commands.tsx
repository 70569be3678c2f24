// Commands that are kept.
import type { SavedCommand } from '@drover/api';
import { savedCommands as commandKind } from '@drover/client/kinds';
import { PageSection } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useLive } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { RunSaved } from './run-saved.tsx';

const nameOf = ({ metadata }: SavedCommand): string => metadata.name ?? '';
const keyOf = ({ metadata }: SavedCommand): string => `${metadata.namespace}/${metadata.name}`;

const RunButton = ({
  command,
  onRun,
}: {
  readonly command: SavedCommand;
  readonly onRun: (key: string) => void;
}) => {
  const { t } = useTranslation();
  const able = useCan(can.runCommands(command.metadata.namespace ?? ''));
  return (
    <ActionButton
      able={able}
      size="sm"
      variant="link"
      isInline
      aria-label={`${t('schedules.commands.run')}: ${nameOf(command)}`}
      onClick={() => onRun(keyOf(command))}
    >
      {t('schedules.commands.run')}
    </ActionButton>
  );
};

const useColumns = (onRun: (key: string) => void): readonly Column<SavedCommand>[] => {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (one) => (
        <Link to={paths.savedCommand(one.metadata.namespace ?? '', nameOf(one))}>{nameOf(one)}</Link>
      ),
    },
    {
      key: 'namespace',
      title: t('ui.namespace'),
      sortBy: ({ metadata }) => metadata.namespace ?? '',
      show: ({ metadata }) => metadata.namespace,
    },
    {
      key: 'title',
      title: t('schedules.commands.title'),
      sortBy: ({ spec }) => spec.title ?? '',
      show: ({ spec }) => spec.title,
    },
    {
      key: 'parameters',
      title: t('schedules.commands.parameters'),
      show: ({ spec }) => (spec.parameters ?? []).map(({ name }) => name).join(', '),
    },
    {
      key: 'age',
      title: t('ui.age'),
      sortBy: ({ metadata }) => metadata.creationTimestamp ?? '',
      show: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
    },
    { key: 'actions', title: t('ui.actions'), show: (one) => <RunButton command={one} onRun={onRun} /> },
  ];
};

export const SavedCommands = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { items, ...live } = useLive(commandKind);
  const able = useCan(can.any('create', commandKind, 'default'));
  const [running, setRunning] = useParameter('run');
  const columns = useColumns(setRunning);
  const wanted = items.find((one) => keyOf(one) === running);
  return (
    <>
      <PageHead
        title={t('shell.pages.savedCommands')}
        actions={
          <ActionButton able={able} variant="primary" onClick={() => void navigate(paths.newSavedCommand())}>
            {t('shell.pages.newSavedCommand')}
          </ActionButton>
        }
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <ListView
          {...live}
          label={t('schedules.commands.list')}
          columns={columns}
          rows={items}
          keyOf={keyOf}
          filterLabel={t('schedules.commands.filterLabel')}
          textsOf={(one) => [keyOf(one), one.spec.title ?? '', one.spec.description ?? '']}
          emptyTitle={t('schedules.commands.empty')}
          emptyBody={t('schedules.commands.emptyBody')}
        />
        {wanted === undefined ? null : <RunSaved command={wanted} onClose={() => setRunning('')} />}
      </PageSection>
    </>
  );
};
