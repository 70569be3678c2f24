// How it runs on a node, and how the nodes are gone through.
import { Grid, GridItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { SelectField, TextField } from '../../ui/field.tsx';
import type { FieldsProps } from './fields.ts';

type Plain = 'user' | 'cwd' | 'timeout' | 'width' | 'batches' | 'pause' | 'maxFailures' | 'expire' | 'name';

const Half = ({ children }: { readonly children: ReactNode }) => <GridItem md={6}>{children}</GridItem>;

const PlainField = ({
  name,
  placeholder,
  draft,
  set,
  problems,
}: FieldsProps & { readonly name: Plain; readonly placeholder: string }) => {
  const { t } = useTranslation();
  return (
    <Half>
      <TextField
        id={`run-${name}`}
        label={t(`runs.fields.${name}`)}
        value={draft[name]}
        onChange={(value) => set({ [name]: value })}
        placeholder={placeholder}
        help={t(`runs.help.${name}`)}
        problem={problems[name]}
      />
    </Half>
  );
};

export const NodeOptions = (props: FieldsProps) => {
  const { t } = useTranslation();
  const { draft, set, problems } = props;
  return (
    <Grid hasGutter>
      <PlainField {...props} name="user" placeholder="root" />
      <PlainField {...props} name="cwd" placeholder="/var/tmp" />
      <PlainField {...props} name="timeout" placeholder="1h" />
      <PlainField {...props} name="name" placeholder="run-..." />
      <Half>
        <TextField
          id="run-env"
          label={t('runs.fields.env')}
          rows={3}
          isCode
          value={draft.env}
          onChange={(env) => set({ env })}
          placeholder="LEVEL=debug"
          help={t('runs.help.env')}
          problem={problems.env}
        />
      </Half>
      <Half>
        <TextField
          id="run-stdin"
          label={t('runs.fields.stdin')}
          rows={3}
          isCode
          value={draft.stdin}
          onChange={(stdin) => set({ stdin })}
          help={t('runs.help.stdin')}
          problem={problems.stdin}
        />
      </Half>
    </Grid>
  );
};

export const FleetOptions = (props: FieldsProps) => {
  const { t } = useTranslation();
  const { draft, set, problems } = props;
  const gates = (['Automatic', 'AfterFirst', 'EveryBatch'] as const).map(
    (gate) => [gate, t(`runs.gates.${gate}`)] as const,
  );
  const policies = (['Queue', 'Skip'] as const).map(
    (policy) => [policy, t(`runs.offline.${policy}`)] as const,
  );
  return (
    <Grid hasGutter>
      <PlainField {...props} name="width" placeholder={t('runs.noLimit')} />
      <PlainField {...props} name="maxFailures" placeholder="10%" />
      <PlainField {...props} name="batches" placeholder="1,5%,100%" />
      <PlainField {...props} name="pause" placeholder="30s" />
      <Half>
        <SelectField
          id="run-gate"
          label={t('runs.fields.gate')}
          value={draft.gate}
          onChange={(gate) => set({ gate })}
          options={gates}
          help={t('runs.help.gate')}
          problem={problems.gate}
        />
      </Half>
      <Half>
        <SelectField
          id="run-offline"
          label={t('runs.fields.offline')}
          value={draft.offline}
          onChange={(offline) => set({ offline })}
          options={policies}
          help={t('runs.help.offline')}
          problem={problems.offline}
        />
      </Half>
      <PlainField {...props} name="expire" placeholder="1h" />
    </Grid>
  );
};
