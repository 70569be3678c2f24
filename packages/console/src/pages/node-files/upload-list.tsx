// Uploads to this node that go on or have just ended.
import {
  Alert,
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { BytesProgress } from '../../ui/bytes-progress.tsx';
import { shown } from './remote-path.ts';
import { cancelUpload, forgetUploads, type Upload, useUploads } from './uploads.ts';

const isOver = ({ stage }: Upload): boolean => ['done', 'failed', 'cancelled'].includes(stage);

const One = ({ upload }: { readonly upload: Upload }) => {
  const { t } = useTranslation();
  const { id, path, stage, doneBytes, totalBytes, bytesPerSecond, why } = upload;
  const title = `${shown(path)}: ${t(`transfers.onNode.stages.${stage}`)}`;
  if (stage === 'failed')
    return (
      <Alert isInline variant="danger" title={title}>
        {why}
      </Alert>
    );
  const done = stage === 'done' ? totalBytes : doneBytes;
  return (
    <BytesProgress
      title={title}
      doneBytes={done}
      totalBytes={totalBytes}
      bytesPerSecond={isOver(upload) ? 0 : bytesPerSecond}
      variant={stage === 'done' ? 'success' : stage === 'cancelled' ? 'warning' : undefined}
      onCancel={isOver(upload) ? undefined : () => cancelUpload(id)}
    />
  );
};

export const UploadList = ({ node }: { readonly node: string }) => {
  const { t } = useTranslation();
  const uploads = useUploads().filter((upload) => upload.node === node);
  if (uploads.length === 0) return null;
  return (
    <Card isCompact>
      <CardHeader
        actions={{
          actions: (
            <Button
              variant="link"
              isInline
              isDisabled={!uploads.some(isOver)}
              onClick={() => forgetUploads(node)}
            >
              {t('transfers.onNode.forgetUploads')}
            </Button>
          ),
        }}
      >
        <CardTitle component="h2">{t('transfers.onNode.uploads')}</CardTitle>
      </CardHeader>
      <CardBody>
        <Stack hasGutter aria-live="polite">
          {uploads.map((upload) => (
            <StackItem key={upload.id}>
              <One upload={upload} />
            </StackItem>
          ))}
        </Stack>
      </CardBody>
    </Card>
  );
};
