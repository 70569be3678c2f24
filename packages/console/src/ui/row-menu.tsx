// What can be done with one row. Its items are made when it is opened, so that leave is asked for that row only.
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Allowed } from './action-button.tsx';

export const RowMenu = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => {
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
          variant="plain"
          size="sm"
          aria-label={label}
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          icon={<EllipsisVIcon />}
        />
      )}
    >
      {isOpen ? <DropdownList>{children}</DropdownList> : null}
    </Dropdown>
  );
};

export const MenuAction = ({
  title,
  onClick,
  able,
  isDanger = false,
}: {
  readonly title: string;
  readonly onClick: () => void;
  /** undefined: nothing stands in the way. */
  readonly able?: Allowed | undefined;
  readonly isDanger?: boolean;
}) => {
  const { t } = useTranslation();
  if (able === undefined || able.allowed)
    return (
      <DropdownItem onClick={onClick} isDanger={isDanger}>
        {title}
      </DropdownItem>
    );
  const reason = able.reason === '' ? t('ui.askingLeave') : able.reason;
  return (
    <DropdownItem isAriaDisabled description={reason}>
      {title}
    </DropdownItem>
  );
};
