// How the nodes are gone through: how many at a time, how carefully, and what of those that are away.
import { Grid, GridItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { SelectField, TextField } from '../../ui/field.tsx';
import type { WishFieldsProps } from './wish.ts';

type Plain = 'timeout' | 'width' | 'batches' | 'pause' | 'maxFailures' | 'expire' | 'name';

export const Half = ({ children }: { readonly children: ReactNode }) => (
  <GridItem md={6}>{children}</GridItem>
);

export const WishTextField = ({
  name,
  placeholder,
  draft,
  set,
  problems,
}: WishFieldsProps & { readonly name: Plain; readonly placeholder: string }) => {
  const { t } = useTranslation();
  return (
    <Half>
      <TextField
        id={`work-${name}`}
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

export const FleetOptions = (props: WishFieldsProps) => {
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
      <WishTextField {...props} name="width" placeholder={t('runs.noLimit')} />
      <WishTextField {...props} name="maxFailures" placeholder="10%" />
      <WishTextField {...props} name="batches" placeholder="1,5%,100%" />
      <WishTextField {...props} name="pause" placeholder="30s" />
      <Half>
        <SelectField
          id="work-gate"
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
          id="work-offline"
          label={t('runs.fields.offline')}
          value={draft.offline}
          onChange={(offline) => set({ offline })}
          options={policies}
          help={t('runs.help.offline')}
          problem={problems.offline}
        />
      </Half>
      <WishTextField {...props} name="expire" placeholder="1h" />
    </Grid>
  );
};
