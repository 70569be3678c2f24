// More fields than are seen at first.
import { ExpandableSection } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';

/** Open when something is in it. */
export const More = ({
  title,
  isUsed,
  children,
}: {
  readonly title: string;
  readonly isUsed: boolean;
  readonly children: ReactNode;
}) => {
  const [isOpen, setOpen] = useState(isUsed);
  return (
    <ExpandableSection
      toggleText={title}
      isExpanded={isOpen || isUsed}
      onToggle={(_event, isExpanded) => setOpen(isExpanded)}
    >
      {children}
    </ExpandableSection>
  );
};
