// The files that one node sent, each of them to be saved.
import type { FileTransfer } from '@drover/api';
import type { Task } from '@drover/client';
import type { ManifestEntry } from '@drover/client/manifest';
import { toPullOutcome } from '@drover/client/outcome';
import { Alert, Button, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { loadManifest, type Manifest } from '../../api/content.ts';
import { Age } from '../../ui/age.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { download } from '../../ui/download.ts';
import { toBytes } from '../../ui/quantity.ts';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { nameOf, shown } from '../node-files/remote-path.ts';
import { fileOf, tarOfNode } from './collect.ts';
import { fullPath } from './transfer.ts';

const useColumns = (onSave: (entry: ManifestEntry) => void): readonly Column<ManifestEntry>[] => {
  const { t, i18n } = useTranslation();
  return [
    {
      key: 'name',
      title: t('ui.name'),
      sortBy: ({ path }) => path,
      show: ({ path, target }) => (
        <span className="drover-code">
          {shown(path)}
          {target === undefined ? '' : ` → ${shown(target)}`}
        </span>
      ),
    },
    {
      key: 'size',
      title: t('transfers.size'),
      sortBy: ({ size }) => size ?? 0,
      show: ({ size }) => (size === undefined ? '' : toBytes(size, i18n.language)),
    },
    { key: 'mode', title: t('transfers.mode'), sortBy: ({ mode }) => mode, show: ({ mode }) => mode },
    {
      key: 'changed',
      title: t('transfers.onNode.changed'),
      sortBy: ({ mtimeMs }) => mtimeMs,
      show: ({ mtimeMs }) => <Age at={mtimeMs} />,
    },
    {
      key: 'save',
      title: t('transfers.download'),
      show: (entry) =>
        entry.type === 'file' ? (
          <Button
            variant="link"
            isInline
            aria-label={t('transfers.downloadOne', { name: shown(entry.path) })}
            onClick={() => onSave(entry)}
          >
            {t('transfers.download')}
          </Button>
        ) : null,
    },
  ];
};

const Files = ({
  transfer,
  task,
  manifest,
}: {
  readonly transfer: FileTransfer;
  readonly task: Task;
  readonly manifest: Manifest;
}) => {
  const { t } = useTranslation();
  const columns = useColumns((entry) => onSave(entry));
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const name = shown(nameOf(transfer.spec.path)) || 'root';
  const tell = async (act: () => Promise<void>): Promise<void> => {
    setProblem('');
    setBusy(true);
    try {
      await act();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const onSave = (entry: ManifestEntry): void =>
    void tell(async () =>
      download(shown(nameOf(entry.path)), [await fileOf(manifest, entry)], 'application/octet-stream'),
    );
  const onTar = (): void =>
    void tell(async () => {
      const archive = await tarOfNode(task, transfer.spec.path, manifest);
      download(`${task.node}-${name}.tar`, [archive], 'application/x-tar');
    });
  // A pulled file is its own root, which has no name in the manifest.
  const rows = manifest.entries
    .filter(({ path, type }) => path !== '' || type === 'file')
    .map((entry) => (entry.path === '' ? { ...entry, path: nameOf(transfer.spec.path) } : entry));
  return (
    <>
      <Toolbar inset={{ default: 'insetNone' }}>
        <ToolbarContent>
          <ToolbarItem>
            <Button variant="secondary" onClick={onTar} isLoading={isBusy} isDisabled={isBusy}>
              {t('transfers.downloadTar')}
            </Button>
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}>{t('ui.rows', { count: rows.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
      {rows.length === 0 ? (
        <Nothing title={t('transfers.onNode.empty')} />
      ) : (
        <DataTable
          label={t('transfers.filesOf', { node: task.node })}
          columns={columns}
          rows={rows}
          keyOf={({ path }) => path}
        />
      )}
    </>
  );
};

export const PulledFiles = ({ transfer, task }: { readonly transfer: FileTransfer; readonly task: Task }) => {
  const { t } = useTranslation();
  const { manifest: sha256, refused } = toPullOutcome(task);
  const { data, error, refetch } = useQuery({
    queryKey: ['manifest', sha256],
    queryFn: ({ signal }) => loadManifest(sha256, signal),
    enabled: sha256 !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const body = (): React.ReactNode => {
    if (sha256 === '')
      return task.result === null ? <Loading /> : <Nothing title={t('transfers.sentNothing')} />;
    if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
    return data === undefined ? <Loading /> : <Files transfer={transfer} task={task} manifest={data} />;
  };
  return (
    <>
      {refused.length === 0 ? null : (
        <Alert isInline variant="warning" title={t('transfers.refused', { count: refused.length })}>
          <ul className="pf-v6-c-list">
            {refused.map(({ path, reason }) => (
              <li key={path}>
                <span className="drover-code">{shown(fullPath(transfer.spec.path, path))}</span>: {reason}
              </li>
            ))}
          </ul>
        </Alert>
      )}
      {body()}
    </>
  );
};
