// Policies in words: what may be run as whom and where (RunPolicy), and what must be true of what is written.
import type { KubeObject, RunPolicy, ValidatingAdmissionPolicy } from '@drover/api';
import {
  admissionPolicies,
  admissionPolicyBindings,
  type KindReference,
  runPolicies,
} from '@drover/client/kinds';
import { Label, LabelGroup, Stack, StackItem, Title } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { nameOf, ObjectMenu, useDialog } from './object-row.tsx';
import { useAdmissionWords, useRunPolicyWords } from './policy-words.ts';

const ToObject = ({
  kind,
  object,
}: {
  readonly kind: KindReference<unknown>;
  readonly object: KubeObject;
}) => <Link to={paths.object(kind, object.metadata.namespace ?? '', nameOf(object))}>{nameOf(object)}</Link>;

const ToNew = ({ kind }: { readonly kind: KindReference<unknown> }) => {
  const { t } = useTranslation();
  return <Link to={paths.newObject(kind)}>{t('kinds.newObject.title', { kind: kind.kind })}</Link>;
};

const Words = ({ words }: { readonly words: readonly string[] }) => (
  <>
    {words.map((line) => (
      <div key={line}>{line}</div>
    ))}
  </>
);

const actionColours = { Deny: 'red', Ask: 'orange', Log: 'blue', Warn: 'orange', Audit: 'blue' } as const;

type Action = keyof typeof actionColours;

const Actions = ({ actions, label }: { readonly actions: readonly Action[]; readonly label: string }) => (
  <LabelGroup aria-label={label} numLabels={5}>
    {[...new Set(actions)].map((action) => (
      <Label key={action} isCompact color={actionColours[action]}>
        {action}
      </Label>
    ))}
  </LabelGroup>
);

const RunPolicies = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(runPolicies);
  const { dialog, show } = useDialog();
  const words = useRunPolicyWords();
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (items.length === 0)
    return (
      <Nothing title={t('access.policies.noRun')} actions={<ToNew kind={runPolicies} />}>
        {t('access.policies.noRunBody')}
      </Nothing>
    );
  const columns: readonly Column<RunPolicy>[] = [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (one) => <ToObject kind={runPolicies} object={one} />,
    },
    { key: 'words', title: t('access.policies.means'), show: (one) => <Words words={words(one)} /> },
    {
      key: 'mode',
      title: t('access.policies.mode'),
      show: ({ spec }) => (
        <Actions label={t('access.policies.mode')} actions={(spec.rules ?? []).map(({ action }) => action)} />
      ),
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (one) => (
        <ObjectMenu kind={runPolicies} object={one} loses={t('access.policies.losesRun')} onDialog={show} />
      ),
    },
  ];
  return (
    <>
      <DataTable label={t('access.policies.run')} columns={columns} rows={items} keyOf={nameOf} />
      <ToNew kind={runPolicies} />
      {dialog}
    </>
  );
};

const AdmissionPolicies = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(admissionPolicies);
  const { items: bindings } = useLive(admissionPolicyBindings);
  const { dialog, show } = useDialog();
  const words = useAdmissionWords();
  if (state === 'loading') return <Loading />;
  if (state === 'failed') return <Problem error={error} onRetry={retry} />;
  if (items.length === 0)
    return (
      <Nothing title={t('access.policies.noAdmission')} actions={<ToNew kind={admissionPolicies} />}>
        {t('access.policies.noAdmissionBody')}
      </Nothing>
    );
  const boundTo = (policy: ValidatingAdmissionPolicy) =>
    bindings.filter(({ spec }) => spec.policyName === nameOf(policy));
  const columns: readonly Column<ValidatingAdmissionPolicy>[] = [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: nameOf,
      show: (one) => <ToObject kind={admissionPolicies} object={one} />,
    },
    { key: 'words', title: t('access.policies.means'), show: (one) => <Words words={words(one)} /> },
    {
      key: 'bindings',
      title: t('access.tabs.bindings'),
      show: (one) =>
        boundTo(one).length === 0
          ? t('access.policies.unbound')
          : boundTo(one).map((binding) => (
              <div key={nameOf(binding)}>
                <ToObject kind={admissionPolicyBindings} object={binding} />
              </div>
            )),
    },
    {
      key: 'mode',
      title: t('access.policies.mode'),
      show: (one) => (
        <Actions
          label={t('access.policies.mode')}
          actions={boundTo(one).flatMap(({ spec }) => spec.validationActions ?? [])}
        />
      ),
    },
    {
      key: 'menu',
      title: t('ui.actions'),
      width: '7rem',
      show: (one) => (
        <ObjectMenu
          kind={admissionPolicies}
          object={one}
          loses={t('access.policies.losesAdmission')}
          onDialog={show}
        />
      ),
    },
  ];
  return (
    <>
      <DataTable label={t('access.policies.admission')} columns={columns} rows={items} keyOf={nameOf} />
      <ToNew kind={admissionPolicies} />
      {dialog}
    </>
  );
};

export const Policies = () => {
  const { t } = useTranslation();
  return (
    <Stack hasGutter>
      <StackItem>
        <Title headingLevel="h2">{t('access.policies.run')}</Title>
        <RunPolicies />
      </StackItem>
      <StackItem>
        <Title headingLevel="h2">{t('access.policies.admission')}</Title>
        <AdmissionPolicies />
      </StackItem>
    </Stack>
  );
};
