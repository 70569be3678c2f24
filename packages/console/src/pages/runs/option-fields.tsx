// How it runs on a node.
import { Grid } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { TextField } from '../../ui/field.tsx';
import { Half, WishTextField } from '../work/fleet-options.tsx';
import type { FieldsProps } from './fields.ts';

type Plain = 'user' | 'cwd';

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
      <WishTextField {...props} name="timeout" placeholder="1h" />
      <WishTextField {...props} name="name" placeholder="run-..." />
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
