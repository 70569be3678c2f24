// A menu of actions; one that is not allowed says why.
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Allowed } from './action-button.tsx';

export interface MenuAction {
  readonly key: string;
  readonly title: string;
  readonly able?: Allowed;
  readonly isDanger?: boolean;
  readonly run: () => void;
}

export const ActionMenu = ({
  title,
  label,
  actions,
  isDisabled = false,
}: {
  readonly title: string;
  /** Read aloud in place of the title, where that is the same on many. */
  readonly label?: string;
  readonly actions: readonly MenuAction[];
  readonly isDisabled?: boolean;
}) => {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'end' }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={isOpen}
          isDisabled={isDisabled}
          onClick={() => setOpen(!isOpen)}
          {...(label === undefined ? {} : { 'aria-label': label })}
        >
          {title}
        </MenuToggle>
      )}
    >
      <DropdownList>
        {actions.map(({ key, title: name, able, isDanger = false, run }) => {
          const why = able === undefined || able.allowed ? undefined : able.reason || t('ui.askingLeave');
          return (
            <DropdownItem
              key={key}
              isDanger={isDanger}
              isAriaDisabled={why !== undefined}
              {...(why === undefined ? { onClick: run } : { description: why })}
            >
              {name}
            </DropdownItem>
          );
        })}
      </DropdownList>
    </Dropdown>
  );
};
