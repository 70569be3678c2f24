// Making a schedule.
import type { Schedule } from '@drover/api';
import { schedules } from '@drover/client/kinds';
import { PageSection } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { runDraft } from '../runs/draft.ts';
import { templateOf } from '../runs/saved.tsx';
import { emptyDraft, toSpec } from './draft.ts';
import { NameFields } from './name-fields.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { SubmitForm } from './submit.tsx';

export const NewSchedule = () => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [command] = useParameter('command');
  const [wantedNamespace] = useParameter('namespace');
  const [names, setNames] = useState({ name: '', namespace: wantedNamespace || 'default' });
  const [source] = useParameter('of');
  const [draft, setDraft] = useState(() =>
    source === 'draft' ? { ...emptyDraft(''), run: templateOf(runDraft.load()) } : emptyDraft(command),
  );
  const able = useCan(can.any('create', schedules, names.namespace));
  const create = async (): Promise<void> => {
    const { name, namespace } = names;
    const body = {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'Schedule',
      metadata: { name },
      spec: toSpec(draft),
    };
    await client.create<Schedule>(schedules, body, { namespace });
    confirmDone(t('schedules.created', { name }));
    void navigate(paths.schedule(namespace, name));
  };
  const title = t('shell.pages.schedules');
  return (
    <>
      <PageHead
        title={t('shell.pages.newSchedule')}
        crumbs={[{ title, link: <Link to={paths.schedules()}>{title}</Link> }]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <SubmitForm
          label={t('shell.pages.newSchedule')}
          action={t('ui.save')}
          able={able}
          onSubmit={create}
          onCancel={() => void navigate(paths.schedules())}
        >
          <NameFields names={names} onChange={setNames} />
          <ScheduleForm namespace={names.namespace} draft={draft} onChange={setDraft} />
        </SubmitForm>
      </PageSection>
    </>
  );
};
