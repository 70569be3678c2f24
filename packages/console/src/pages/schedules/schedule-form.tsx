// The form of a schedule: when, what, and what if.
import {
  Content,
  FormFieldGroup,
  FormFieldGroupHeader,
  FormGroup,
  FormSelect,
  FormSelectOption,
  Radio,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../api/session.ts';
import { CommandFields } from './command-fields.tsx';
import { CronField } from './cron-field.tsx';
import type { ScheduleDraft } from './draft.ts';
import { TextField } from './fields.tsx';
import { SavedCommandForm } from './saved-command-form.tsx';

interface Props {
  readonly namespace: string;
  readonly draft: ScheduleDraft;
  readonly onChange: (draft: ScheduleDraft) => void;
}

const What = ({ namespace, draft, onChange }: Props) => {
  const { t } = useTranslation();
  return (
    <>
      <FormGroup role="radiogroup" isInline label={t('schedules.command')} fieldId="what">
        {(['ownCommand', 'savedCommand'] as const).map((what) => (
          <Radio
            key={what}
            id={`what-${what}`}
            name="what"
            label={t(`schedules.${what}`)}
            isChecked={draft.what === what}
            onChange={() => onChange({ ...draft, what })}
          />
        ))}
      </FormGroup>
      {draft.what === 'ownCommand' ? (
        <CommandFields run={draft.run} areNodesRequired onChange={(run) => onChange({ ...draft, run })} />
      ) : (
        <>
          <SavedCommandForm
            namespace={namespace}
            choice={draft.command}
            onChange={(command) => onChange({ ...draft, command })}
          />
          <TextField
            id="nodes"
            label={t('schedules.targets')}
            help={`${t('schedules.targetsHelp')} ${t('schedules.targetsOptional')}`}
            value={draft.nodes}
            onChange={(nodes) => onChange({ ...draft, nodes })}
          />
        </>
      )}
    </>
  );
};

const policies = ['Allow', 'Forbid', 'Replace'] as const;

const WhatIf = ({ draft, onChange }: Props) => {
  const { t } = useTranslation();
  return (
    <>
      <FormGroup label={t('schedules.policy')} fieldId="policy">
        <FormSelect
          id="policy"
          value={draft.policy}
          onChange={(_event, value) =>
            onChange({ ...draft, policy: policies.find((one) => one === value) ?? 'Allow' })
          }
        >
          {policies.map((policy) => (
            <FormSelectOption key={policy} value={policy} label={t(`schedules.policies.${policy}`)} />
          ))}
        </FormSelect>
      </FormGroup>
      <TextField
        id="deadline"
        type="number"
        label={t('schedules.deadlineLabel')}
        help={t('schedules.deadlineHelp')}
        value={draft.deadline}
        onChange={(deadline) => onChange({ ...draft, deadline })}
      />
      {(['keepGood', 'keepBad'] as const).map((field) => (
        <TextField
          key={field}
          id={field}
          type="number"
          label={t(`schedules.${field}`)}
          value={draft[field]}
          onChange={(value) => onChange({ ...draft, [field]: value })}
        />
      ))}
    </>
  );
};

const Part = ({
  id,
  title,
  children,
}: {
  readonly id: string;
  readonly title: string;
  readonly children: React.ReactNode;
}) => (
  <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: title, id }} />}>
    {children}
  </FormFieldGroup>
);

export const ScheduleForm = (props: Props) => {
  const { t } = useTranslation();
  const { data } = useSession();
  const { draft, onChange } = props;
  return (
    <>
      <Part id="part-when" title={t('schedules.when')}>
        <CronField
          schedule={draft.schedule}
          timeZone={draft.timeZone}
          onChange={(when) => onChange({ ...draft, ...when })}
        />
      </Part>
      <Part id="part-what" title={t('schedules.what')}>
        <What {...props} />
      </Part>
      <Part id="part-what-if" title={t('schedules.options')}>
        <WhatIf {...props} />
      </Part>
      <Content component="p">{t('schedules.asYou', { user: data?.username ?? '' })}</Content>
    </>
  );
};
