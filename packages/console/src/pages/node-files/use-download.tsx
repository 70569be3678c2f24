// Owns downloads from a node: which goes on, and why one failed.
import { Alert, AlertActionCloseButton, StackItem } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { download } from '../../ui/download.ts';
import { confirmDone } from '../../ui/toasts.tsx';
import { toTar } from '../transfers/tar.ts';
import { pullFile, pullTree } from './one-file.ts';
import { nameOf, shown } from './remote-path.ts';

const fetchAs = async (node: string, path: string, isDirectory: boolean): Promise<string> => {
  const name = shown(nameOf(path)) || node;
  if (!isDirectory) {
    const { blob } = await pullFile(node, path);
    download(name, [blob], 'application/octet-stream');
    return name;
  }
  const { entries, content } = await pullTree(node, path);
  download(`${name}.tar`, [toTar(name, entries, content)], 'application/x-tar');
  return `${name}.tar`;
};

export const useDownload = (node: string) => {
  const { t } = useTranslation();
  const [busy, setBusy] = useState('');
  const [why, setWhy] = useState('');
  const start = async (path: string, isDirectory: boolean): Promise<void> => {
    setBusy(path);
    setWhy('');
    try {
      confirmDone(t('transfers.downloaded', { name: await fetchAs(node, path, isDirectory) }));
    } catch (error) {
      setWhy(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy('');
    }
  };
  const problem: ReactNode =
    why === '' ? null : (
      <StackItem>
        <Alert
          isInline
          variant="danger"
          title={why}
          actionClose={<AlertActionCloseButton onClose={() => setWhy('')} />}
        />
      </StackItem>
    );
  return { busy, start, problem };
};
