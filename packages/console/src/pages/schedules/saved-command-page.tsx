// One saved command: what it runs, its form, what happened to it; from here it is run or scheduled.
import type { SavedCommand } from '@drover/api';
import { savedCommands, schedules } from '@drover/client/kinds';
import { Card, CardBody, CardTitle, List, ListItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { client } from '../../api/client.ts';
import { useLive, useLiveObject } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { Absent } from '../../ui/absent.tsx';
import { ActionButton } from '../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { Facts } from '../../ui/facts.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useObjectTabs } from '../kinds/object-tabs.tsx';
import { type CommandDraft, CommandForm } from './command-form.tsx';
import { RunSaved } from './run-saved.tsx';
import { SubmitForm } from './submit.tsx';
import { toLine } from './words.ts';

interface Props {
  readonly command: SavedCommand;
}

const namesOf = ({ metadata: { name = '', namespace = '' } }: SavedCommand) => ({ name, namespace });

const Details = ({ command }: Props) => {
  const { t } = useTranslation();
  const { name, namespace } = namesOf(command);
  const { title, description, parameters = [], run, requester } = command.spec;
  const users = useLive(schedules, { namespace }).items.filter(
    ({ spec }) => spec.savedCommand?.name === name,
  );
  return (
    <Card>
      <CardTitle component="h2">{t('schedules.tabs.details')}</CardTitle>
      <CardBody>
        <Facts
          facts={[
            [t('schedules.commands.title'), title ?? ''],
            [t('schedules.commands.description'), description ?? ''],
            [
              t('schedules.command'),
              <code key="command" className="drover-code">
                {run.script?.source ?? toLine(run.argv ?? [])}
              </code>,
            ],
            [t('schedules.nodes'), run.targets?.nodeSet ?? t('ui.none')],
            [
              t('schedules.commands.parameters'),
              <List key="parameters" isPlain>
                {parameters.map((one) => (
                  <ListItem key={one.name}>
                    {one.name} ({t(`schedules.commands.types.${one.type}`)})
                    {one.title === undefined ? '' : `: ${one.title}`}
                  </ListItem>
                ))}
              </List>,
            ],
            [t('schedules.commands.by'), requester?.username ?? t('ui.unknown')],
            [
              t('schedules.commands.usedBy'),
              users.length === 0 ? (
                t('ui.none')
              ) : (
                <List key="users" isPlain>
                  {users.map(({ metadata }) => (
                    <ListItem key={metadata.uid}>
                      <Link to={paths.schedule(namespace, metadata.name ?? '')}>{metadata.name}</Link>
                    </ListItem>
                  ))}
                </List>
              ),
            ],
          ]}
        />
      </CardBody>
    </Card>
  );
};

const Edit = ({ command: shown }: Props) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  // What somebody else changes meanwhile is refused by its version, not written over.
  const [command] = useState(shown);
  const [draft, setDraft] = useState<CommandDraft>(command.spec);
  const { name, namespace } = namesOf(command);
  const able = useCan(can.any('update', savedCommands, namespace, name));
  const back = (): void => void navigate(paths.savedCommand(namespace, name));
  const save = async (): Promise<void> => {
    const { managedFields: _, ...metadata } = command.metadata;
    await client.update(savedCommands, name, { ...command, metadata, spec: draft }, { namespace });
    confirmDone(t('schedules.saved', { name }));
    back();
  };
  return (
    <SubmitForm label={name} action={t('ui.save')} able={able} onSubmit={save} onCancel={back}>
      <CommandForm draft={draft} onChange={setDraft} />
    </SubmitForm>
  );
};

const Actions = ({ command }: Props) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [running, setRunning] = useParameter('run');
  const [asked, setAsked] = useState<Confirmation>();
  const { name, namespace } = namesOf(command);
  const ableToRun = useCan(can.runCommands(namespace));
  const ableToSchedule = useCan(can.any('create', schedules, namespace));
  const ableToDelete = useCan(can.any('delete', savedCommands, namespace, name));
  const deletion: Confirmation = {
    title: t('schedules.commands.deleteTitle', { name }),
    body: t('schedules.commands.deleteBody'),
    action: t('ui.delete'),
    run: async () => {
      await client.delete(savedCommands, name, { namespace });
      confirmDone(t('schedules.deleted', { name }));
      void navigate(paths.savedCommands());
    },
  };
  return (
    <>
      <ActionButton able={ableToRun} variant="primary" onClick={() => setRunning('yes')}>
        {t('schedules.commands.run')}
      </ActionButton>
      <ActionButton
        able={ableToSchedule}
        variant="secondary"
        onClick={() => void navigate(paths.newSchedule(name, namespace))}
      >
        {t('schedules.commands.schedule')}
      </ActionButton>
      <ActionButton able={ableToDelete} variant="secondary" isDanger onClick={() => setAsked(deletion)}>
        {t('ui.delete')}
      </ActionButton>
      {running === '' ? null : <RunSaved command={command} onClose={() => setRunning('')} />}
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};

export const SavedCommandPage = () => {
  const { t } = useTranslation();
  const { namespace = '', name = '', tab = '' } = useParams();
  const { object: command, ...live } = useLiveObject(savedCommands, name, namespace);
  const at = (key: string): string => paths.savedCommand(namespace, name, key);
  const common = useObjectTabs(savedCommands, command, at);
  const title = t('shell.pages.savedCommands');
  const crumbs = [{ title, link: <Link to={paths.savedCommands()}>{title}</Link> }];
  if (command === undefined || live.state === 'failed')
    return <Absent {...live} title={name} crumbs={crumbs} gone={t('schedules.goneCommand', { name })} />;
  const shows = {
    details: () => <Details command={command} />,
    edit: () => <Edit command={command} />,
  };
  const own = (['details', 'edit'] as const).map((key) => ({
    key,
    title: t(`schedules.tabs.${key}`),
    to: at(key === 'details' ? '' : key),
    show: shows[key],
  }));
  return (
    <>
      <PageHead
        title={name}
        description={command.spec.title}
        crumbs={crumbs}
        actions={<Actions command={command} />}
      />
      <PageTabs label={name} active={tab} tabs={[...own, ...common]} />
    </>
  );
};
