// What is in a directory of a node, as rows.
import { Flex } from '@patternfly/react-core';
import { FileIcon, FolderIcon, LinkIcon, OutlinedQuestionCircleIcon } from '@patternfly/react-icons';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import type { Allowed } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { MenuAction, RowMenu } from '../../ui/row-menu.tsx';
import { type Entry, isDirectory, isFile } from './listing.ts';
import { join, shown } from './remote-path.ts';

export interface RowActions {
  readonly onDownload: (entry: Entry) => void;
  readonly onRename: (entry: Entry) => void;
  readonly onDelete: (entry: Entry) => void;
  readonly mayMove: Allowed;
  readonly mayRun: Allowed;
}

const Icon = ({ entry }: { readonly entry: Entry }) => {
  if (entry.type === 'symlink') return <LinkIcon />;
  if (entry.type === 'directory')
    return <FolderIcon color="var(--pf-t--global--icon--color--brand--default)" />;
  return entry.type === 'file' ? <FileIcon /> : <OutlinedQuestionCircleIcon />;
};

const Name = ({
  entry,
  node,
  directory,
}: {
  readonly entry: Entry;
  readonly node: string;
  readonly directory: string;
}) => {
  const { t } = useTranslation();
  const isOpenable = isDirectory(entry) || isFile(entry);
  const name = shown(entry.name);
  return (
    <Flex
      gap={{ default: 'gapSm' }}
      flexWrap={{ default: 'nowrap' }}
      alignItems={{ default: 'alignItemsCenter' }}
    >
      <span aria-hidden>
        <Icon entry={entry} />
      </span>
      <span style={{ overflowWrap: 'anywhere' }}>
        {isOpenable ? <Link to={paths.nodeFiles(node, join(directory, entry.name))}>{name}</Link> : name}
        {entry.target === undefined ? null : ` → ${shown(entry.target)}`}
        {entry.type === 'symlink' && entry.leadsTo === undefined
          ? ` (${t('transfers.onNode.leadsNowhere')})`
          : ''}
      </span>
    </Flex>
  );
};

const useColumns = (
  node: string,
  directory: string,
  { onDownload, onRename, onDelete, mayMove, mayRun }: RowActions,
): readonly Column<Entry>[] => {
  const { t, i18n } = useTranslation();
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: ({ name }) => name,
      show: (entry) => <Name entry={entry} node={node} directory={directory} />,
    },
    {
      key: 'size',
      title: t('transfers.size'),
      sortBy: ({ size }) => size,
      show: ({ type, size }) => (type === 'file' ? toBytes(size, i18n.language) : ''),
    },
    {
      key: 'owner',
      title: t('transfers.owner'),
      sortBy: ({ user, group }) => `${user}:${group}`,
      show: ({ user, group }) => `${user}:${group}`,
    },
    {
      key: 'mode',
      title: t('transfers.mode'),
      sortBy: ({ mode }) => mode,
      show: ({ mode }) => <code>{mode}</code>,
    },
    {
      key: 'mtime',
      title: t('transfers.onNode.changed'),
      sortBy: ({ mtimeMs }) => mtimeMs,
      show: ({ mtimeMs }) => <Age at={mtimeMs} />,
    },
    {
      key: 'actions',
      title: t('ui.actions'),
      width: '6.5rem',
      show: (entry) => (
        <RowMenu label={t('transfers.onNode.actionsOf', { name: shown(entry.name) })}>
          {isFile(entry) || isDirectory(entry) ? (
            <MenuAction
              title={t(isFile(entry) ? 'transfers.download' : 'transfers.downloadTar')}
              able={mayMove}
              onClick={() => onDownload(entry)}
            />
          ) : null}
          <MenuAction title={t('transfers.onNode.rename')} able={mayRun} onClick={() => onRename(entry)} />
          <MenuAction title={t('ui.delete')} able={mayRun} isDanger onClick={() => onDelete(entry)} />
        </RowMenu>
      ),
    },
  ];
};

export const DirectoryTable = ({
  node,
  directory,
  entries,
  ...actions
}: RowActions & {
  readonly node: string;
  readonly directory: string;
  readonly entries: readonly Entry[];
}) => {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t('transfers.onNode.entries')}
      columns={useColumns(node, directory, actions)}
      rows={entries}
      keyOf={({ name }) => name}
    />
  );
};
