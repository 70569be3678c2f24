// What can be done to any object: its labels changed, and it deleted.
import type { KubeObject } from '@drover/api';
import type { DiscoveredKind } from '@drover/client';
import { FlexItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../../api/client.ts';
import { useCanAll } from '../../../api/permissions.ts';
import { can } from '../../../can.ts';
import { paths } from '../../../paths.ts';
import { ActionButton } from '../../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../../ui/confirm.tsx';
import { confirmDone } from '../../../ui/toasts.tsx';
import { throwAway } from '../yaml/draft.ts';
import { EditLabels } from './edit-labels.tsx';

export const ObjectActions = ({
  kind,
  object,
}: {
  readonly kind: DiscoveredKind;
  readonly object: KubeObject;
}) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isLabelling, setLabelling] = useState(false);
  const [asked, setAsked] = useState<Confirmation>();
  const { name = '', namespace, uid } = object.metadata;
  const [mayPatch, mayDelete] = useCanAll([
    can.any('patch', kind, namespace, name),
    can.any('delete', kind, namespace, name),
  ]);
  const ask = (): void =>
    setAsked({
      title: t('kinds.object.deleteTitle', { kind: kind.kind, name }),
      body: t('kinds.object.deleteBody'),
      action: t('ui.delete'),
      run: async () => {
        await client.delete(kind, name, { namespace, preconditions: uid === undefined ? {} : { uid } });
        throwAway({ kind, namespace: namespace ?? '', name });
        confirmDone(t('kinds.object.deleted', { name }));
        void navigate(paths.kind(kind));
      },
    });
  return (
    <>
      <FlexItem>
        <ActionButton variant="secondary" able={mayPatch} onClick={() => setLabelling(true)}>
          {t('kinds.object.editLabels')}
        </ActionButton>
      </FlexItem>
      <FlexItem>
        <ActionButton variant="secondary" isDanger able={mayDelete} onClick={ask}>
          {t('kinds.object.delete')}
        </ActionButton>
      </FlexItem>
      {isLabelling ? <EditLabels kind={kind} object={object} onClose={() => setLabelling(false)} /> : null}
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};
