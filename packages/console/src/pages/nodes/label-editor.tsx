// A dialog that adds and takes away labels of one or many nodes.
import type { Node } from '@drover/api';
import { nodes as nodeKind } from '@drover/client/kinds';
import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../api/client.ts';
import { forEachOf } from '../../api/many.ts';
import { confirmDone } from '../../ui/toasts.tsx';
import { LabelFields } from './label-fields.tsx';
import { type Changes, countLabels, followsFacts } from './labels.ts';
import { nameOf } from './node-columns.tsx';

export const LabelEditor = ({
  nodes,
  onClose,
}: {
  readonly nodes: readonly Node[];
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [changes, setChanges] = useState<Changes>({});
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const counts = countLabels(nodes, changes);
  // Made by countLabels.
  const labels = [...counts.keys()].map((text) => JSON.parse(text) as readonly [string, string]);
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      const body = { metadata: { labels: changes } };
      await forEachOf(nodes.map(nameOf), (name) => client.patch(nodeKind, name, { type: 'merge', body }));
      confirmDone(t('nodes.labels.saved', { count: nodes.length }));
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const [only] = nodes;
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="label-editor">
      <ModalHeader
        title={
          nodes.length === 1 && only !== undefined
            ? t('nodes.labels.of', { name: nameOf(only) })
            : t('nodes.labels.ofMany', { count: nodes.length })
        }
        labelId="label-editor"
      />
      <ModalBody>
        {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
        <LabelFields
          labels={labels}
          isFixed={followsFacts}
          noteOf={(label) =>
            nodes.length === 1 ? '' : `${counts.get(JSON.stringify(label)) ?? 0}/${nodes.length}`
          }
          onAdd={(key, value) => setChanges({ ...changes, [key]: value })}
          onRemove={(key) => setChanges({ ...changes, [key]: null })}
        />
      </ModalBody>
      <ModalFooter>
        <Button
          onClick={() => void save()}
          isLoading={isBusy}
          isDisabled={isBusy || Object.keys(changes).length === 0}
        >
          {t('ui.save')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('ui.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
