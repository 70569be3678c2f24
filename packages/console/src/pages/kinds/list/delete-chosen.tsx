// Deletes the chosen objects of a list: names them first, then tells which could not be deleted.
import type { DiscoveredKind, ObjectRow } from '@drover/client';
import { Content, List, ListItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../../../api/client.ts';
import { useCan } from '../../../api/permissions.ts';
import { can } from '../../../can.ts';
import { ActionButton } from '../../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../../ui/confirm.tsx';
import { confirmDone } from '../../../ui/toasts.tsx';

const atATime = 6;
const namedRows = 10;

const nameOf = ({ metadata }: ObjectRow): string =>
  metadata.namespace === undefined ? (metadata.name ?? '') : `${metadata.namespace}/${metadata.name}`;

/** Every row is tried. Throws what was refused, a line each. */
const deleteAll = async (kind: DiscoveredKind, rows: readonly ObjectRow[]): Promise<void> => {
  const waiting = [...rows];
  const refused: string[] = [];
  const work = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      const { name = '', namespace, uid } = row.metadata;
      try {
        await client.delete(kind, name, { namespace, preconditions: uid === undefined ? {} : { uid } });
      } catch (error) {
        refused.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  if (refused.length > 0) throw new Error(refused.join('\n'));
};

export const DeleteChosen = ({
  kind,
  rows,
  onDone,
}: {
  readonly kind: DiscoveredKind;
  readonly rows: readonly ObjectRow[];
  readonly onDone: () => void;
}) => {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Confirmation>();
  const namespaces = new Set(rows.map(({ metadata }) => metadata.namespace));
  const [namespace] = namespaces;
  const able = useCan(can.any('delete', kind, namespaces.size === 1 ? namespace : undefined));
  const ask = (): void =>
    setAsked({
      title: t('kinds.list.deleteTitle', { count: rows.length }),
      body: (
        <>
          <Content component="p">{t('kinds.list.deleteBody')}</Content>
          <List>
            {rows.slice(0, namedRows).map((row) => (
              <ListItem key={nameOf(row)}>{nameOf(row)}</ListItem>
            ))}
            {rows.length <= namedRows ? null : (
              <ListItem>{t('kinds.list.andMore', { count: rows.length - namedRows })}</ListItem>
            )}
          </List>
        </>
      ),
      action: t('ui.delete'),
      run: async () => {
        await deleteAll(kind, rows);
        confirmDone(t('kinds.list.deleted', { count: rows.length }));
        onDone();
      },
    });
  return (
    <>
      <ActionButton variant="secondary" isDanger isDisabled={rows.length === 0} able={able} onClick={ask}>
        {t('kinds.list.deleteChosen')}
      </ActionButton>
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};
