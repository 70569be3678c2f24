// A button that says why it cannot be pressed, instead of being hidden.
import { Button, type ButtonProps, Tooltip } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';

export interface Allowed {
  readonly allowed: boolean;
  readonly reason: string;
}

/** `able`: undefined: nothing stands in the way. */
export const ActionButton = ({ able, ...props }: ButtonProps & { readonly able?: Allowed | undefined }) => {
  const { t } = useTranslation();
  if (able === undefined || able.allowed) return <Button {...props} />;
  const reason = able.reason === '' ? t('ui.askingLeave') : able.reason;
  return (
    <Tooltip content={reason}>
      <Button {...props} isAriaDisabled aria-description={reason} />
    </Tooltip>
  );
};
