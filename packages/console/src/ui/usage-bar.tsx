// How much of something is used: a bar, and the words beside it.
import { Progress, ProgressMeasureLocation, ProgressSize, ProgressVariant } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { toPercent } from './quantity.ts';

const warnFrom = 0.8;
const dangerFrom = 0.95;

const variantOf = (share: number): { readonly variant?: ProgressVariant } => {
  if (share >= dangerFrom) return { variant: ProgressVariant.danger };
  return share >= warnFrom ? { variant: ProgressVariant.warning } : {};
};

/** `share`: 0 to 1; undefined: not known. `words`: read aloud and shown in place of the share. */
export const UsageBar = ({
  label,
  share,
  words,
}: {
  readonly label: string;
  readonly share: number | undefined;
  readonly words?: string;
}) => {
  const { t, i18n } = useTranslation();
  if (share === undefined) return <>{t('ui.unknown')}</>;
  const text = words ?? toPercent(share, i18n.language);
  return (
    <Progress
      aria-label={label}
      value={Math.round(share * 100)}
      valueText={text}
      label={text}
      size={ProgressSize.sm}
      measureLocation={ProgressMeasureLocation.outside}
      {...variantOf(share)}
    />
  );
};
