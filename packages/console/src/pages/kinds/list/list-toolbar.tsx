// What narrows a list, all of it in the address: namespace, labels, text; and which columns are shown.

import type { DiscoveredKind } from '@drover/client';
import { namespaces as namespaceKind } from '@drover/client/kinds';
import {
  FormSelect,
  FormSelectOption,
  SearchInput,
  Switch,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../../api/live.ts';
import { Filter, useParameter } from '../../../ui/filter.tsx';

const NamespaceFilter = () => {
  const { t } = useTranslation();
  const [namespace, setNamespace] = useParameter('namespace');
  const { items } = useLive(namespaceKind);
  const names = items.map(({ metadata }) => metadata.name ?? '');
  const all = namespace === '' || names.includes(namespace) ? names : [namespace, ...names];
  return (
    <FormSelect
      aria-label={t('ui.namespace')}
      value={namespace}
      onChange={(_event, value) => setNamespace(value)}
    >
      <FormSelectOption value="" label={t('kinds.list.allNamespaces')} />
      {all.map((name) => (
        <FormSelectOption key={name} value={name} label={name} />
      ))}
    </FormSelect>
  );
};

/** Put to the controller with Enter: half a selector is none. */
const SelectorFilter = () => {
  const { t } = useTranslation();
  const [selector, setSelector] = useParameter('labels');
  const [typed, setTyped] = useState(selector);
  return (
    <SearchInput
      aria-label={t('kinds.list.selector')}
      placeholder={t('kinds.list.selector')}
      submitSearchButtonLabel={t('kinds.list.apply')}
      value={typed}
      onChange={(_event, text) => setTyped(text)}
      onSearch={(_event, text) => setSelector(text.trim())}
      onClear={() => {
        setTyped('');
        setSelector('');
      }}
    />
  );
};

export const ListToolbar = ({
  kind,
  count,
  children,
}: {
  readonly kind: DiscoveredKind;
  readonly count: number;
  readonly children: ReactNode;
}) => {
  const { t } = useTranslation();
  const [filter, setFilter] = useParameter('q');
  const [wide, setWide] = useParameter('wide');
  return (
    <Toolbar>
      <ToolbarContent>
        {kind.namespaced ? (
          <ToolbarItem>
            <NamespaceFilter />
          </ToolbarItem>
        ) : null}
        <ToolbarItem>
          <Filter label={t('kinds.list.filter')} value={filter} onChange={setFilter} />
        </ToolbarItem>
        <ToolbarItem>
          <SelectorFilter />
        </ToolbarItem>
        <ToolbarItem alignSelf="center">
          <Switch
            id="wide"
            label={t('kinds.list.wide')}
            isChecked={wide !== ''}
            onChange={(_event, isOn) => setWide(isOn ? '1' : '')}
          />
        </ToolbarItem>
        <ToolbarItem>{children}</ToolbarItem>
        <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
          {t('ui.rows', { count })}
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  );
};
