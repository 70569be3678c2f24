// Which way a transfer goes, for people.
import type { FileTransfer } from '@drover/api';
import { Label } from '@patternfly/react-core';
import { DownloadIcon, SearchIcon, UploadIcon } from '@patternfly/react-icons';
import { useTranslation } from 'react-i18next';

export const wayOf = ({ spec }: FileTransfer): 'push' | 'pull' | 'check' => {
  if (spec.direction === 'Pull') return 'pull';
  return spec.check ? 'check' : 'push';
};

const icons = { push: <UploadIcon />, pull: <DownloadIcon />, check: <SearchIcon /> } as const;

export const WayLabel = ({ transfer }: { readonly transfer: FileTransfer }) => {
  const { t } = useTranslation();
  const way = wayOf(transfer);
  return (
    <Label isCompact variant="outline" icon={icons[way]}>
      {t(`transfers.ways.${way}`)}
    </Label>
  );
};
