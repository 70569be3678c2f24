// One schedule: when, what, its runs, its form, what happened to it.
import type { Schedule } from '@drover/api';
import { schedules } from '@drover/client/kinds';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { client } from '../../api/client.ts';
import { useLiveObject } from '../../api/live.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { Absent } from '../../ui/absent.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { useObjectTabs } from '../kinds/object-tabs.tsx';
import { toDraft, toSpec } from './draft.ts';
import { ScheduleMenu } from './schedule-actions.tsx';
import { ScheduleDetails } from './schedule-details.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { ScheduleRuns } from './schedule-runs.tsx';
import { ScheduleStateLabel } from './schedule-state.tsx';
import { SubmitForm } from './submit.tsx';

const Edit = ({ schedule: shown }: { readonly schedule: Schedule }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  // What somebody else changes meanwhile is refused by its version, not written over.
  const [schedule] = useState(shown);
  const [draft, setDraft] = useState(() => toDraft(schedule.spec));
  const { name = '', namespace = '', resourceVersion = '' } = schedule.metadata;
  const able = useCan(can.any('update', schedules, namespace, name));
  const back = (): void => void navigate(paths.schedule(namespace, name));
  const save = async (): Promise<void> => {
    const { managedFields: _, ...metadata } = schedule.metadata;
    // Our own controller may have written the status since: that is no change of the wish.
    const isOnlyStatus = shown.metadata.generation === metadata.generation;
    const version = isOnlyStatus ? (shown.metadata.resourceVersion ?? '') : resourceVersion;
    const body = {
      ...schedule,
      metadata: { ...metadata, resourceVersion: version },
      spec: toSpec(draft, schedule.spec),
    };
    await client.update(schedules, name, body, { namespace });
    confirmDone(t('schedules.saved', { name }));
    back();
  };
  return (
    <SubmitForm label={name} action={t('ui.save')} able={able} onSubmit={save} onCancel={back}>
      <ScheduleForm namespace={namespace} draft={draft} onChange={setDraft} />
    </SubmitForm>
  );
};

export const SchedulePage = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { namespace = '', name = '', tab = '' } = useParams();
  const { object: schedule, ...live } = useLiveObject(schedules, name, namespace);
  const at = (key: string): string => paths.schedule(namespace, name, key);
  const common = useObjectTabs(schedules, schedule, at);
  const title = t('shell.pages.schedules');
  const crumbs = [{ title, link: <Link to={paths.schedules()}>{title}</Link> }];
  if (schedule === undefined || live.state === 'failed')
    return <Absent {...live} title={name} crumbs={crumbs} gone={t('schedules.gone', { name })} />;
  const shows = {
    details: () => <ScheduleDetails schedule={schedule} />,
    runs: () => <ScheduleRuns schedule={schedule} />,
    edit: () => <Edit schedule={schedule} />,
  };
  const own = (['details', 'runs', 'edit'] as const).map((key) => ({
    key,
    title: t(`schedules.tabs.${key}`),
    to: at(key === 'details' ? '' : key),
    show: shows[key],
  }));
  return (
    <>
      <PageHead
        title={name}
        badge={<ScheduleStateLabel schedule={schedule} />}
        crumbs={crumbs}
        actions={
          <ScheduleMenu
            schedule={schedule}
            isSmall={false}
            onDeleted={() => void navigate(paths.schedules())}
          />
        }
      />
      <PageTabs label={name} active={tab} tabs={[...own, ...common]} />
    </>
  );
};
