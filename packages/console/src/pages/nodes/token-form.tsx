// Makes an enrolment token: how long, how many, with which labels, and whether a person must approve.
import type { EnrollmentToken } from '@drover/api';
import { enrollmentTokens } from '@drover/client/kinds';
import {
  ActionGroup,
  Alert,
  Card,
  CardBody,
  CardTitle,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Switch,
  TextInput,
} from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { nowMs } from '../../ui/clock.ts';
import { confirmDone } from '../../ui/toasts.tsx';
import { LabelFields, type Labels } from './label-fields.tsx';

const hours = [1, 8, 24, 168, 720] as const;

/** 168 → '7 days'. */
const toDuration = (count: number, language: string): string => {
  const [value, unit] = count < 24 ? [count, 'hour'] : [count / 24, 'day'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
};

interface Wish {
  readonly hours: number;
  readonly uses: string;
  readonly labels: Labels;
  readonly isAutomatic: boolean;
  readonly names: string;
}

const first: Wish = { hours: 1, uses: '1', labels: {}, isAutomatic: true, names: '' };

const toObject = (wish: Wish): object => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'EnrollmentToken',
  metadata: { generateName: 'join-' },
  spec: {
    expiresAt: new Date(nowMs() + wish.hours * 3_600_000).toISOString(),
    maxUses: Number(wish.uses),
    approval: wish.isAutomatic ? 'Automatic' : 'Manual',
    ...(Object.keys(wish.labels).length === 0 ? {} : { labels: wish.labels }),
    ...(wish.names.trim() === '' ? {} : { nodeNamePattern: wish.names.trim() }),
  },
});

const Note = ({ children }: { readonly children: ReactNode }) => (
  <FormHelperText>
    <HelperText>
      <HelperTextItem>{children}</HelperTextItem>
    </HelperText>
  </FormHelperText>
);

const without = (labels: Labels, key: string): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => name !== key));

const Fields = ({ wish, set }: { readonly wish: Wish; readonly set: (change: Partial<Wish>) => void }) => {
  const { t, i18n } = useTranslation();
  return (
    <>
      <FormGroup label={t('nodes.tokens.lasts')} fieldId="token-expires">
        <FormSelect
          id="token-expires"
          value={wish.hours}
          onChange={(_event, value) => set({ hours: Number(value) })}
        >
          {hours.map((count) => (
            <FormSelectOption key={count} value={count} label={toDuration(count, i18n.language)} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t('nodes.tokens.uses')} fieldId="token-uses">
        <TextInput
          id="token-uses"
          type="number"
          min={1}
          value={wish.uses}
          onChange={(_event, uses) => set({ uses })}
        />
        <Note>{t('nodes.tokens.usesNote')}</Note>
      </FormGroup>
      <FormGroup label={t('nodes.tokens.labels')} role="group">
        <LabelFields
          labels={Object.entries(wish.labels)}
          onAdd={(key, value) => set({ labels: { ...wish.labels, [key]: value } })}
          onRemove={(key) => set({ labels: without(wish.labels, key) })}
        />
      </FormGroup>
      <FormGroup fieldId="token-approval">
        <Switch
          id="token-approval"
          label={t('nodes.tokens.automatic')}
          isChecked={wish.isAutomatic}
          onChange={(_event, isAutomatic) => set({ isAutomatic })}
        />
        <Note>{t('nodes.tokens.automaticNote')}</Note>
      </FormGroup>
      <FormGroup label={t('nodes.tokens.names')} fieldId="token-names">
        <TextInput
          id="token-names"
          placeholder="web[1-20]"
          value={wish.names}
          onChange={(_event, names) => set({ names })}
        />
        <Note>{t('nodes.tokens.namesNote')}</Note>
      </FormGroup>
    </>
  );
};

export const TokenForm = ({ onMade }: { readonly onMade: (token: EnrollmentToken) => void }) => {
  const { t } = useTranslation();
  const [wish, setWish] = useState(first);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const able = useCan(can.makeTokens());
  const make = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      onMade(await client.create(enrollmentTokens, toObject(wish)));
      confirmDone(t('nodes.tokens.made'));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card>
      <CardTitle component="h2">{t('nodes.tokens.new')}</CardTitle>
      <CardBody>
        <Form
          isWidthLimited
          onSubmit={(event) => {
            event.preventDefault();
            if (able.allowed) void make();
          }}
        >
          {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
          <Fields wish={wish} set={(change) => setWish({ ...wish, ...change })} />
          <ActionGroup>
            <ActionButton able={able} type="submit" isLoading={isBusy} isDisabled={isBusy}>
              {t('nodes.tokens.make')}
            </ActionButton>
          </ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
};
