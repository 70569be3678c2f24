// Changes an object that is there.
import type { KubeObject } from '@drover/api';
import type { DiscoveredKind } from '@drover/client';
import { Alert } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../../api/permissions.ts';
import { can } from '../../../can.ts';
import { confirmDone } from '../../../ui/toasts.tsx';
import type { Schemas } from '../schema/schema.ts';
import { useDraft } from '../yaml/draft.ts';
import { toEditable, toYaml } from '../yaml/editable.ts';
import { isSame } from '../yaml/merge.ts';
import { Editing } from './editing.tsx';

export const EditObject = ({
  kind,
  object,
  schemas,
  as,
}: {
  readonly kind: DiscoveredKind;
  readonly object: KubeObject;
  readonly schemas: Schemas | undefined;
  readonly as: 'form' | 'yaml';
}) => {
  const { t } = useTranslation();
  const { name = '', namespace = '' } = object.metadata;
  const hasStatus = kind.subresources.includes('status');
  const subject = { kind, namespace, name, hasStatus, schemas };
  const draft = useDraft(subject);
  const able = useCan(can.any('update', kind, namespace === '' ? undefined : namespace, name));
  const now = toEditable(object, hasStatus);
  const began = draft?.base === undefined ? undefined : toEditable(draft.base, hasStatus);
  const isChanged = began !== undefined && !isSame(began, now);
  const notice =
    draft === undefined ? undefined : (
      <Alert
        isInline
        variant="info"
        title={t(isChanged ? 'kinds.edit.changedMeanwhile' : 'kinds.edit.unsaved')}
      />
    );
  return (
    <Editing
      subject={subject}
      title={name}
      text={toYaml(now)}
      base={object}
      schemas={schemas}
      able={able}
      as={as}
      notice={notice}
      onStored={() => confirmDone(t('kinds.edit.saved', { name }))}
    />
  );
};
