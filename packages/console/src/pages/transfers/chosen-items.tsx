// What was chosen to be pushed, and where each of it arrives.
import {
  Button,
  DataList,
  DataListCell,
  DataListItem,
  DataListItemCells,
  DataListItemRow,
  Flex,
} from '@patternfly/react-core';
import { FileIcon, FolderIcon, TimesIcon } from '@patternfly/react-icons';
import { useTranslation } from 'react-i18next';
import { Field } from '../../ui/field.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { shown } from '../node-files/remote-path.ts';
import { type Item, toItems } from './choose.ts';
import { ChooseButtons, DropPlace } from './choose-buttons.tsx';
import type { Chosen } from './content.ts';
import { type Draft, destinationOf } from './draft.ts';

const One = ({
  item,
  draft,
  onRemove,
}: {
  readonly item: Item;
  readonly draft: Draft;
  readonly onRemove: () => void;
}) => {
  const { t, i18n } = useTranslation();
  const { name, isFolder, files, sizeBytes } = item;
  const size = toBytes(sizeBytes, i18n.language);
  const what = isFolder ? `${t('transfers.filesInside', { count: files.length })}, ${size}` : size;
  return (
    <DataListItem aria-label={name}>
      <DataListItemRow>
        <DataListItemCells
          dataListCells={[
            <DataListCell key="name">
              <Flex gap={{ default: 'gapSm' }} flexWrap={{ default: 'nowrap' }}>
                <span aria-hidden>{isFolder ? <FolderIcon /> : <FileIcon />}</span>
                <span style={{ overflowWrap: 'anywhere' }}>{name}</span>
              </Flex>
              <small>{what}</small>
            </DataListCell>,
            <DataListCell key="to">
              {draft.path.startsWith('/') ? (
                <code className="drover-code">→ {shown(destinationOf(draft, name))}</code>
              ) : null}
            </DataListCell>,
          ]}
        />
        <Button
          variant="plain"
          icon={<TimesIcon />}
          aria-label={t('transfers.takeOut', { name })}
          onClick={onRemove}
        />
      </DataListItemRow>
    </DataListItem>
  );
};

export const ChosenItems = ({
  items,
  onChange,
  draft,
  problem,
}: {
  readonly items: readonly Item[];
  readonly onChange: (items: readonly Item[]) => void;
  readonly draft: Draft;
  readonly problem: string | undefined;
}) => {
  const { t } = useTranslation();
  /** A name that was chosen before is replaced. */
  const add = (chosen: readonly Chosen[]): void => {
    const added = toItems(chosen);
    const names = new Set(added.map(({ name }) => name));
    onChange([...items.filter(({ name }) => !names.has(name)), ...added]);
  };
  return (
    <Field id="transfer-items" label={t('transfers.what')} help={t('transfers.dropHere')} problem={problem}>
      <DropPlace onChoose={add}>
        <Flex>
          <ChooseButtons
            onChoose={add}
            filesTitle={t('transfers.chooseFiles')}
            folderTitle={t('transfers.chooseFolder')}
          />
        </Flex>
        {items.length === 0 ? null : (
          <DataList aria-label={t('transfers.chosen')} isCompact>
            {items.map((item) => (
              <One
                key={item.name}
                item={item}
                draft={draft}
                onRemove={() => onChange(items.filter((other) => other !== item))}
              />
            ))}
          </DataList>
        )}
      </DropPlace>
    </Field>
  );
};
