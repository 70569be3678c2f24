// Something large on its way: how far it is, how fast, and a way to stop it.
import {
  Button,
  Flex,
  FlexItem,
  Progress,
  ProgressMeasureLocation,
  ProgressSize,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { toBytes } from './quantity.ts';

export const BytesProgress = ({
  title,
  doneBytes,
  totalBytes,
  bytesPerSecond,
  variant,
  onCancel,
}: {
  readonly title: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly variant?: 'success' | 'danger' | 'warning' | undefined;
  readonly onCancel?: (() => void) | undefined;
}) => {
  const { t, i18n } = useTranslation();
  const size = (bytes: number): string => toBytes(bytes, i18n.language);
  const speed = bytesPerSecond > 0 ? `, ${t('ui.perSecond', { size: size(bytesPerSecond) })}` : '';
  return (
    <Flex alignItems={{ default: 'alignItemsFlexEnd' }}>
      <FlexItem flex={{ default: 'flex_1' }}>
        <Progress
          title={title}
          size={ProgressSize.sm}
          value={totalBytes === 0 ? 0 : Math.min(100, (100 * doneBytes) / totalBytes)}
          label={`${t('ui.ofTotal', { done: size(doneBytes), total: size(totalBytes) })}${speed}`}
          measureLocation={ProgressMeasureLocation.top}
          {...(variant === undefined ? {} : { variant })}
        />
      </FlexItem>
      {onCancel === undefined ? null : (
        <Button variant="link" size="sm" onClick={onCancel} aria-label={`${t('ui.cancel')}: ${title}`}>
          {t('ui.cancel')}
        </Button>
      )}
    </Flex>
  );
};
