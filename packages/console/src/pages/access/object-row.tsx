// What the lists of this area have in common: the row's menu with edit and delete, and the name in it.
import type { KubeObject } from '@drover/api';
import type { KindReference } from '@drover/client/kinds';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCanAll } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { MenuAction, RowMenu } from '../../ui/row-menu.tsx';
import { confirmDone } from '../../ui/toasts.tsx';

type Named = Pick<KubeObject, 'metadata'>;

export const nameOf = ({ metadata }: Named): string => metadata.name ?? '';

/** One dialog at a time; `show(null)` closes it. */
export const useDialog = () => {
  const [dialog, show] = useState<ReactNode>(null);
  return { dialog, show, close: (): void => show(null) };
};

interface ObjectMenuProps {
  readonly kind: KindReference<unknown>;
  readonly object: Named;
  /** What is lost with it. */
  readonly loses: string;
  readonly onDialog: (dialog: ReactNode) => void;
  /** undefined: it is not edited here. */
  readonly onEdit?: () => void;
  readonly children?: ReactNode;
}

/** To the page that every object has. */
export const WholeObject = ({ kind, object }: Pick<ObjectMenuProps, 'kind' | 'object'>) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const to = paths.object(kind, object.metadata.namespace ?? '', nameOf(object), 'yaml');
  return <MenuAction title={t('ui.wholeObject')} onClick={() => void navigate(to)} />;
};

const Items = ({ kind, object, loses, onDialog, onEdit, children }: ObjectMenuProps) => {
  const { t } = useTranslation();
  const name = nameOf(object);
  const { namespace } = object.metadata;
  const [edit, remove] = useCanAll([
    can.any('patch', kind, namespace, name),
    can.any('delete', kind, namespace, name),
  ]);
  const ask = (): void =>
    onDialog(
      <Confirm
        onClose={() => onDialog(null)}
        asked={{
          title: t('access.delete.title', { kind: kind.kind, name }),
          body: loses,
          action: t('ui.delete'),
          run: async () => {
            await client.delete(kind, name, { namespace });
            confirmDone(t('access.delete.done', { name }));
          },
        }}
      />,
    );
  return (
    <>
      {onEdit === undefined ? null : <MenuAction title={t('ui.edit')} able={edit} onClick={onEdit} />}
      {children}
      <WholeObject kind={kind} object={object} />
      <MenuAction title={t('ui.delete')} able={remove} isDanger onClick={ask} />
    </>
  );
};

export const ObjectMenu = (props: ObjectMenuProps) => {
  const { t } = useTranslation();
  return (
    <RowMenu label={t('ui.actionsFor', { name: nameOf(props.object) })}>
      <Items {...props} />
    </RowMenu>
  );
};
