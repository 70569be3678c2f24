// One file of a node: shown when it is text, downloaded, edited.
import { Alert, Flex, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton, type Allowed } from '../../ui/action-button.tsx';
import { Age } from '../../ui/age.tsx';
import { Facts } from '../../ui/facts.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { Loading, Problem } from '../../ui/states.tsx';
import { EditFile, type EditFileProps } from './edit-file.tsx';
import type { Entry } from './listing.ts';
import { pullFile } from './one-file.ts';
import { nameOf, shown } from './remote-path.ts';
import { editBytes, toText, viewBytes } from './text.ts';
import { useDownload } from './use-download.tsx';
import { useEditorPhrases } from './use-editor-phrases.ts';
import { useForget } from './use-listing.ts';

const TextEditor = lazy(async () => ({ default: (await import('./text-editor.tsx')).TextEditor }));

interface FileProps {
  readonly node: string;
  /** Where it really is. */
  readonly path: string;
  readonly self: Entry;
  /** It is being asked for anew. */
  readonly isRefreshing: boolean;
}

/** Another time or size is another file. */
const useText = ({ node, path, self }: Omit<FileProps, 'isRefreshing'>) =>
  useQuery({
    queryKey: ['file-text', node, path, self.size, self.mtimeMs],
    queryFn: async ({ signal }) => {
      const { blob, sha256 } = await pullFile(node, path, signal);
      return { text: toText(new Uint8Array(await blob.arrayBuffer())), sha256 };
    },
    enabled: self.size <= viewBytes,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

const SelfFacts = ({ self }: { readonly self: Entry }) => {
  const { t, i18n } = useTranslation();
  return (
    <Facts
      facts={[
        [t('transfers.size'), toBytes(self.size, i18n.language)],
        [t('transfers.owner'), `${self.user}:${self.group}`],
        [t('transfers.mode'), <code key="mode">{self.mode}</code>],
        [t('transfers.onNode.changed'), <Age key="age" at={self.mtimeMs} />],
      ]}
    />
  );
};

const useEditable = (size: number, text: string | undefined): Allowed => {
  const { t, i18n } = useTranslation();
  const mayMove = useCan(can.moveFiles('default'));
  const mayRun = useCan(can.runCommands('default'));
  if (size > editBytes)
    return {
      allowed: false,
      reason: t('transfers.onNode.tooLongToEdit', { limit: toBytes(editBytes, i18n.language) }),
    };
  if (text === undefined) return { allowed: false, reason: t('transfers.onNode.noText') };
  return mayMove.allowed ? mayRun : mayMove;
};

const Text = ({ name, text }: { readonly name: string; readonly text: string }) => {
  const { t } = useTranslation();
  const phrases = useEditorPhrases();
  return (
    <Suspense fallback={<Loading />}>
      <TextEditor
        key={text}
        label={t('transfers.onNode.textOf', { name })}
        name={name}
        initial={text}
        isReadOnly
        phrases={phrases}
      />
    </Suspense>
  );
};

/** What is edited stays what it was when the editor was opened, whatever becomes of the file meanwhile. */
const useOpened = (
  isEditing: boolean,
  now: Omit<EditFileProps, 'onDone'> | undefined,
): Omit<EditFileProps, 'onDone'> | undefined => {
  const [opened, setOpened] = useState<Omit<EditFileProps, 'onDone'>>();
  if (isEditing && opened === undefined && now !== undefined) setOpened(now);
  if (!isEditing && opened !== undefined) setOpened(undefined);
  return isEditing ? opened : undefined;
};

export const FileView = ({ isRefreshing, ...file }: FileProps) => {
  const { node, path, self } = file;
  const { t, i18n } = useTranslation();
  const [edit, setEdit] = useParameter('edit');
  const forget = useForget(node);
  const { data, error, isFetching, refetch } = useText(file);
  const mayMove = useCan(can.moveFiles('default'));
  const editable = useEditable(self.size, data?.text);
  const download = useDownload(node);
  const name = shown(nameOf(path));
  const isText = data?.text !== undefined && self.size <= editBytes;
  const opened = useOpened(
    edit !== '',
    isText && !isRefreshing ? { ...file, text: data.text ?? '', sha256: data.sha256 } : undefined,
  );
  if (opened !== undefined) {
    const onDone = (): void => {
      setEdit('');
      void forget();
    };
    return <EditFile {...opened} onDone={onDone} />;
  }
  const body = (): React.ReactNode => {
    if (self.size > viewBytes)
      return (
        <Alert
          isInline
          variant="info"
          title={t('transfers.onNode.tooLongToShow', { limit: toBytes(viewBytes, i18n.language) })}
        />
      );
    if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
    if (data === undefined || isFetching || isRefreshing) return <Loading />;
    if (data.text === undefined)
      return <Alert isInline variant="info" title={t('transfers.onNode.noText')} />;
    return <Text name={name} text={data.text} />;
  };
  return (
    <Stack hasGutter>
      <StackItem>
        <Flex>
          <ActionButton able={editable} onClick={() => setEdit('1')}>
            {t('transfers.onNode.edit')}
          </ActionButton>
          <ActionButton
            able={mayMove}
            variant="secondary"
            isLoading={download.busy === path}
            onClick={() => void download.start(path, false)}
          >
            {t('transfers.download')}
          </ActionButton>
        </Flex>
      </StackItem>
      {download.problem}
      <StackItem>
        <SelfFacts self={self} />
      </StackItem>
      <StackItem>{body()}</StackItem>
    </Stack>
  );
};
