// Details beside a list. Which row they are of is kept in the address by the caller.
import {
  Drawer,
  DrawerActions,
  DrawerCloseButton,
  DrawerContent,
  DrawerContentBody,
  DrawerHead,
  DrawerPanelBody,
  DrawerPanelContent,
  Title,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';

export const SidePanel = ({
  title,
  panel,
  onClose,
  children,
}: {
  /** Of the panel. */
  readonly title: string;
  /** undefined: it is closed. */
  readonly panel: ReactNode | undefined;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) => (
  <Drawer isExpanded={panel !== undefined} isInline>
    <DrawerContent
      panelContent={
        <DrawerPanelContent isResizable defaultSize="28rem" minSize="20rem">
          <DrawerHead>
            <Title headingLevel="h2" style={{ overflowWrap: 'anywhere' }}>
              {title}
            </Title>
            <DrawerActions>
              <DrawerCloseButton onClose={onClose} />
            </DrawerActions>
          </DrawerHead>
          <DrawerPanelBody>{panel}</DrawerPanelBody>
        </DrawerPanelContent>
      }
    >
      <DrawerContentBody>{children}</DrawerContentBody>
    </DrawerContent>
  </Drawer>
);
