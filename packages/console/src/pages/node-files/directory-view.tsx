// One directory of a node: what is in it, and what can be done there.
import {
  Alert,
  Button,
  Checkbox,
  Stack,
  StackItem,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { Filter, matches, useParameter } from '../../ui/filter.tsx';
import { Nothing, NothingFound } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { type Item, toItems } from '../transfers/choose.ts';
import { ChooseButtons, DropPlace } from '../transfers/choose-buttons.tsx';
import type { Chosen } from '../transfers/content.ts';
import { makeDirectoryOn, removeOn, renameOn } from './change-files.ts';
import { DirectoryTable } from './directory-table.tsx';
import { type Entry, inOrder, isDirectory, type Listing } from './listing.ts';
import { NameDialog, type NameWish } from './name-dialog.tsx';
import { join, shown, toPath } from './remote-path.ts';
import { startUpload } from './uploads.ts';
import { useDownload } from './use-download.tsx';
import { useForget } from './use-listing.ts';

type Found = Listing & { readonly kind: 'found' };

const isHidden = ({ name }: Entry): boolean => name.startsWith('.');

/** A file that is replaced keeps its mode and owner. */
const wishFor = (listing: Found, { name, isFolder }: Item) => {
  const path = join(listing.path, toPath(name));
  const old = isFolder ? undefined : listing.entries.find((entry) => entry.name === toPath(name));
  return old?.type === 'file' ? { path, mode: old.mode, owner: `${old.uid}:${old.gid}` } : { path };
};

/** Asks before anything is replaced. */
const useUploading = (node: string, listing: Found, ask: (asked: Confirmation) => void) => {
  const { t } = useTranslation();
  const forget = useForget(node);
  const upload = async (items: readonly Item[]): Promise<void> => {
    await Promise.all(items.map((item) => startUpload(node, item, wishFor(listing, item))));
    await forget();
  };
  return (chosen: readonly Chosen[]): void => {
    const items = toItems(chosen);
    const there = new Set(listing.entries.map(({ name }) => name));
    const replaced = items.filter(({ name }) => there.has(toPath(name)));
    if (replaced.length === 0) {
      void upload(items);
      return;
    }
    ask({
      title: t('transfers.onNode.replaceTitle', { count: replaced.length }),
      body: (
        <>
          <p>{t('transfers.onNode.replaceBody')}</p>
          <ul className="pf-v6-c-list">
            {replaced.map(({ name }) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </>
      ),
      action: t('transfers.onNode.replace'),
      run: async () => void upload(items),
    });
  };
};

const useRowActions = (
  node: string,
  listing: Found,
  ask: (asked: Confirmation) => void,
  askName: (wish: NameWish) => void,
) => {
  const { t } = useTranslation();
  const forget = useForget(node);
  const at = (name: string): string => join(listing.path, name);
  return {
    onMakeDirectory: () =>
      askName({
        title: t('transfers.onNode.newDirectory'),
        action: t('transfers.onNode.make'),
        initial: '',
        run: async (name) => {
          await makeDirectoryOn(node, at(name));
          confirmDone(t('transfers.onNode.made', { name: shown(name) }));
          await forget();
        },
      }),
    onRename: ({ name: from }: Entry) =>
      askName({
        title: t('transfers.onNode.renameTitle', { name: shown(from) }),
        action: t('transfers.onNode.rename'),
        initial: from,
        run: async (name) => {
          await renameOn(node, at(from), at(name));
          confirmDone(t('transfers.onNode.renamed', { name: shown(name) }));
          await forget();
        },
      }),
    onDelete: (entry: Entry) => {
      const name = shown(entry.name);
      ask({
        title: t('transfers.onNode.deleteTitle', { name, node }),
        body: t(
          entry.type === 'directory' ? 'transfers.onNode.deleteDirectoryBody' : 'transfers.onNode.deleteBody',
          { path: shown(at(entry.name)) },
        ),
        action: t('ui.delete'),
        run: async () => {
          await removeOn(node, at(entry.name));
          confirmDone(t('transfers.onNode.deleted', { name }));
          await forget();
        },
      });
    },
  };
};

export const DirectoryView = ({ node, listing }: { readonly node: string; readonly listing: Found }) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const [hidden, setHidden] = useParameter('hidden');
  const [asked, setAsked] = useState<Confirmation>();
  const [wish, setWish] = useState<NameWish>();
  const mayMove = useCan(can.moveFiles('default'));
  const mayRun = useCan(can.runCommands('default'));
  const upload = useUploading(node, listing, setAsked);
  const { onMakeDirectory, ...actions } = useRowActions(node, listing, setAsked, setWish);
  const download = useDownload(node);
  const found = useMemo(() => {
    const visible = listing.entries.filter((entry) => hidden !== '' || !isHidden(entry));
    return inOrder(visible.filter(({ name }) => filter === '' || matches(filter, [shown(name)])));
  }, [listing, hidden, filter]);
  const onDownload = (entry: Entry): void =>
    void download.start(join(listing.path, entry.name), isDirectory(entry));
  const body = (): React.ReactNode => {
    if (listing.entries.length === 0) return <Nothing title={t('transfers.onNode.empty')} />;
    if (found.length === 0) return <NothingFound onClear={() => setFilter('')} />;
    return (
      <DirectoryTable
        node={node}
        directory={listing.path}
        entries={found}
        onDownload={onDownload}
        mayMove={mayMove}
        mayRun={mayRun}
        {...actions}
      />
    );
  };
  return (
    <DropPlace able={mayMove} onChoose={upload}>
      <Toolbar inset={{ default: 'insetNone' }}>
        <ToolbarContent>
          <ToolbarItem>
            <Filter label={t('transfers.onNode.filterLabel')} value={filter} onChange={setFilter} />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <Checkbox
              id="hidden-files"
              label={t('transfers.onNode.hidden')}
              isChecked={hidden !== ''}
              onChange={(_event, isShown) => setHidden(isShown ? '1' : '')}
            />
          </ToolbarItem>
          <ToolbarItem>
            <ChooseButtons
              able={mayMove}
              onChoose={upload}
              filesTitle={t('transfers.onNode.uploadFiles')}
              folderTitle={t('transfers.onNode.uploadFolder')}
            />
          </ToolbarItem>
          <ToolbarItem>
            <ActionButton able={mayRun} variant="secondary" onClick={onMakeDirectory}>
              {t('transfers.onNode.newDirectory')}
            </ActionButton>
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <Stack hasGutter>
        {listing.total > listing.entries.length ? (
          <StackItem>
            <Alert
              isInline
              variant="warning"
              title={t('transfers.onNode.tooMany', { total: listing.total, count: listing.entries.length })}
            />
          </StackItem>
        ) : null}
        {download.problem}
        {download.busy === '' ? null : (
          <StackItem>
            <Button variant="plain" isLoading isDisabled>
              {t('transfers.onNode.fetching', { path: shown(download.busy) })}
            </Button>
          </StackItem>
        )}
        <StackItem>{body()}</StackItem>
      </Stack>
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      {wish === undefined ? null : (
        <NameDialog
          key={wish.title}
          wish={wish}
          taken={listing.entries.map(({ name }) => name)}
          onClose={() => setWish(undefined)}
        />
      )}
    </DropPlace>
  );
};
