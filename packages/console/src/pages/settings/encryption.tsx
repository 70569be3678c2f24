// Under which keys secrets are kept, and their change while the controller serves.
import type { EncryptionStatus } from '@drover/api';
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  Content,
  Label,
  Progress,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { ChoiceField, TextField } from '../../ui/fields.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { Loading, Problem } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';

type DataKey = EncryptionStatus['dataKeys'][number];
const sources = ['same', 'keyFile', 'passphraseFile'] as const;
type Source = (typeof sources)[number];

/** While keys change there is nothing to watch: it is looked at again, until it is done. */
const lookAgainMs = 1_000;

const useEncryption = () =>
  useQuery({
    queryKey: ['encryption'],
    queryFn: ({ signal }) => client.encryption({ signal }),
    refetchInterval: ({ state }) => (state.data?.rotation === undefined ? false : lookAgainMs),
  });

const RotateDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [source, setSource] = useState<Source>('same');
  const [path, setPath] = useState('');
  const submit = async (): Promise<void> => {
    const status = await client.rotateKey(source === 'same' ? {} : { [source]: path });
    queries.setQueryData(['encryption'], status);
    await queries.invalidateQueries({ queryKey: ['encryption'] });
    confirmDone(t('settings.rotating'));
    onClose();
  };
  return (
    <FormDialog
      title={t('settings.rotate')}
      description={t('settings.rotateHelp')}
      action={t('settings.rotate')}
      isReady={source === 'same' || path.startsWith('/')}
      onSubmit={submit}
      onClose={onClose}
    >
      <ChoiceField
        label={t('settings.source')}
        value={source}
        onChange={(value) => setSource(sources.find((one) => one === value) ?? 'same')}
        options={sources.map((value) => ({ value, label: t(`settings.sources.${value}`) }))}
      />
      {source === 'same' ? null : (
        <TextField
          label={t('settings.path')}
          help={t('settings.pathHelp')}
          value={path}
          onChange={setPath}
          isRequired
        />
      )}
    </FormDialog>
  );
};

const Rotation = ({ rotation }: { readonly rotation: NonNullable<EncryptionStatus['rotation']> }) => {
  const { t } = useTranslation();
  const { done, remaining, message } = rotation;
  const all = done + remaining;
  return (
    <>
      <Progress
        title={t('settings.progress')}
        aria-label={t('settings.progress')}
        value={all === 0 ? 100 : Math.round((done / all) * 100)}
      />
      {message === '' ? null : <Alert isInline variant="warning" title={message} />}
    </>
  );
};

export const Encryption = () => {
  const { t } = useTranslation();
  const { data, error, refetch } = useEncryption();
  const mayRotate = useCan(can.rotateKeys());
  const [isOpen, setOpen] = useState(false);
  if (data === undefined)
    return error === null ? <Loading /> : <Problem error={error} onRetry={() => void refetch()} />;
  const columns: readonly Column<DataKey>[] = [
    { key: 'number', title: t('settings.number'), show: ({ number }) => number },
    { key: 'made', title: t('ui.created'), show: ({ createdAt }) => <Age at={createdAt} /> },
    {
      key: 'use',
      title: t('ui.status'),
      show: ({ inUse }) => (
        <Label isCompact {...(inUse ? { status: 'success' as const } : {})}>
          {t(inUse ? 'settings.inUse' : 'settings.leaving')}
        </Label>
      ),
    },
    {
      key: 'values',
      title: t('settings.values'),
      show: ({ values }) =>
        Object.entries(values)
          .map(([what, count]) => `${what}: ${count}`)
          .join(', ') || t('ui.none'),
    },
  ];
  return (
    <Stack hasGutter>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.key')}</CardTitle>
          <CardBody>
            <Content component="p">{data.key}</Content>
            <Content component="p">{t('settings.keyAbout')}</Content>
            {data.rotation === undefined ? null : <Rotation rotation={data.rotation} />}
            <ActionButton
              able={mayRotate}
              isDisabled={data.rotation !== undefined}
              onClick={() => setOpen(true)}
            >
              {t('settings.rotate')}
            </ActionButton>
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">{t('settings.dataKeys')}</CardTitle>
          <CardBody>
            <DataTable
              label={t('settings.dataKeys')}
              columns={columns}
              rows={data.dataKeys}
              keyOf={({ number }) => String(number)}
            />
          </CardBody>
        </Card>
      </StackItem>
      {isOpen ? <RotateDialog onClose={() => setOpen(false)} /> : null}
    </Stack>
  );
};
