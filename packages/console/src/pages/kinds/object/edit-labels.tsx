// Changes the labels of one object: only those that were touched are sent, so that nobody else's are lost.
import type { KubeObject } from '@drover/api';
import type { DiscoveredKind } from '@drover/client';
import {
  Alert,
  Button,
  Flex,
  FlexItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Stack,
  StackItem,
  TextInput,
} from '@patternfly/react-core';
import { MinusCircleIcon, PlusCircleIcon } from '@patternfly/react-icons';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../../api/client.ts';
import { confirmDone } from '../../../ui/toasts.tsx';

interface Row {
  readonly id: number;
  readonly key: string;
  readonly value: string;
}

type Labels = Readonly<Record<string, string>>;

/** As a merge patch has it: null takes a label away. */
const toPatch = (before: Labels, rows: readonly Row[]): Readonly<Record<string, string | null>> => {
  const after = Object.fromEntries(
    rows.filter(({ key }) => key !== '').map(({ key, value }) => [key, value]),
  );
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value);
  return Object.fromEntries([...gone.map((key) => [key, null] as const), ...set]);
};

const LabelRow = ({
  row,
  onChange,
  onRemove,
}: {
  readonly row: Row;
  readonly onChange: (row: Row) => void;
  readonly onRemove: () => void;
}) => {
  const { t } = useTranslation();
  return (
    <Flex flexWrap={{ default: 'nowrap' }}>
      <FlexItem grow={{ default: 'grow' }}>
        <TextInput
          aria-label={t('kinds.object.labelKey')}
          value={row.key}
          onChange={(_event, key) => onChange({ ...row, key: key.trim() })}
        />
      </FlexItem>
      <FlexItem grow={{ default: 'grow' }}>
        <TextInput
          aria-label={t('kinds.object.labelValue')}
          value={row.value}
          onChange={(_event, value) => onChange({ ...row, value })}
        />
      </FlexItem>
      <Button
        variant="plain"
        aria-label={t('kinds.object.removeLabel', { key: row.key })}
        icon={<MinusCircleIcon />}
        onClick={onRemove}
      />
    </Flex>
  );
};

export const EditLabels = ({
  kind,
  object,
  onClose,
}: {
  readonly kind: DiscoveredKind;
  readonly object: KubeObject;
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const { name = '', namespace, labels = {} } = object.metadata;
  const [before] = useState(labels);
  const [rows, setRows] = useState<readonly Row[]>(() =>
    Object.entries(labels).map(([key, value], id) => ({ id, key, value })),
  );
  const [problem, setProblem] = useState('');
  const nextId = Math.max(-1, ...rows.map(({ id }) => id)) + 1;
  const save = async (): Promise<void> => {
    const body = { metadata: { labels: toPatch(before, rows) } };
    try {
      await client.patch(kind, name, { type: 'merge', body }, { namespace, fieldManager: 'console' });
      confirmDone(t('kinds.object.labelsSaved', { name }));
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="labels-title">
      <ModalHeader title={`${t('kinds.object.editLabels')}: ${name}`} labelId="labels-title" />
      <ModalBody>
        <Stack hasGutter>
          {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
          {rows.map((row) => (
            <StackItem key={row.id}>
              <LabelRow
                row={row}
                onChange={(changed) => setRows(rows.map((one) => (one.id === row.id ? changed : one)))}
                onRemove={() => setRows(rows.filter((one) => one.id !== row.id))}
              />
            </StackItem>
          ))}
          <StackItem>
            <Button
              variant="link"
              icon={<PlusCircleIcon />}
              onClick={() => setRows([...rows, { id: nextId, key: '', value: '' }])}
            >
              {t('kinds.object.addLabel')}
            </Button>
          </StackItem>
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button onClick={() => void save()}>{t('ui.save')}</Button>
        <Button variant="link" onClick={onClose}>
          {t('ui.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
