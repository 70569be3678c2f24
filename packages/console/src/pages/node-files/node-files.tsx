// The files of a node, as a tab of its page.
import type { Node } from '@drover/api';
import { Alert, Button, Flex, FlexItem, Stack, StackItem } from '@patternfly/react-core';
import { LockIcon, SyncAltIcon } from '@patternfly/react-icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { useParameter } from '../../ui/filter.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { DirectoryView } from './directory-view.tsx';
import { FileView } from './file-view.tsx';
import type { Listing } from './listing.ts';
import { PathField, Way } from './path-bar.tsx';
import { cleaned, parentOf, shown } from './remote-path.ts';
import { UploadList } from './upload-list.tsx';
import { useForget, useListing } from './use-listing.ts';

const signingLabel = 'drover.dev/signing';

const Unreadable = ({
  node,
  path,
  listing,
}: {
  readonly node: string;
  readonly path: string;
  readonly listing: Listing & { readonly kind: 'gone' | 'denied' | 'problem' };
}) => {
  const { t } = useTranslation();
  const titles = { gone: 'isGone', denied: 'isDenied', problem: 'isUnreadable' } as const;
  return (
    <Nothing
      title={t(`transfers.onNode.${titles[listing.kind]}`, { path: shown(path) })}
      actions={
        <Button
          variant="link"
          component={(props) => <Link {...props} to={paths.nodeFiles(node, parentOf(path))} />}
        >
          {t('transfers.onNode.up', { path: shown(parentOf(path)) })}
        </Button>
      }
    >
      {listing.message}
    </Nothing>
  );
};

const Special = ({ path }: { readonly path: string }) => {
  const { t } = useTranslation();
  return (
    <Nothing title={t('transfers.onNode.isSpecial', { path: shown(path) })}>
      {t('transfers.onNode.isSpecialBody')}
    </Nothing>
  );
};

const Found = ({
  node,
  path,
  listing,
  isRefreshing,
}: {
  readonly node: string;
  readonly path: string;
  readonly listing: Listing;
  readonly isRefreshing: boolean;
}) => {
  if (listing.kind !== 'found') return <Unreadable node={node} path={path} listing={listing} />;
  const { type } = listing.self;
  if (type === 'directory') return <DirectoryView node={node} listing={listing} />;
  if (type === 'file')
    return (
      <FileView
        key={listing.path}
        node={node}
        path={listing.path}
        self={listing.self}
        isRefreshing={isRefreshing}
      />
    );
  return <Special path={path} />;
};

const Browser = ({ node }: { readonly node: string }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [given] = useParameter('path');
  const path = cleaned(given);
  const forget = useForget(node);
  const { data: listing, error, isFetching, refetch } = useListing(node, path);
  const body = (): ReactNode => {
    if (listing !== undefined)
      return <Found node={node} path={path} listing={listing} isRefreshing={isFetching} />;
    if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
    return <Loading />;
  };
  return (
    <Stack hasGutter>
      <StackItem>
        <Flex>
          <FlexItem flex={{ default: 'flex_1' }} style={{ minWidth: '14rem' }}>
            <PathField
              key={path}
              path={path}
              onGo={(to) => void navigate(paths.nodeFiles(node, cleaned(to)))}
            />
          </FlexItem>
          <Button
            variant="secondary"
            icon={<SyncAltIcon />}
            isLoading={isFetching}
            isDisabled={isFetching}
            onClick={() => void forget()}
          >
            {t('transfers.onNode.refresh')}
          </Button>
        </Flex>
      </StackItem>
      <StackItem>
        <Way node={node} path={path} />
        {listing?.kind === 'found' && listing.path !== path ? (
          <small>{t('transfers.onNode.reallyAt', { path: shown(listing.path) })}</small>
        ) : null}
      </StackItem>
      <StackItem>
        <UploadList node={node} />
      </StackItem>
      {listing !== undefined && error !== null ? (
        <StackItem>
          <Alert isInline variant="danger" title={error.message} />
        </StackItem>
      ) : null}
      <StackItem>{body()}</StackItem>
    </Stack>
  );
};

export const NodeFiles = ({ node }: { readonly node: Node }) => {
  const { t } = useTranslation();
  const name = node.metadata.name ?? '';
  const mayRun = useCan(can.runCommands('default'));
  if (node.metadata.labels?.[signingLabel] === 'required')
    return (
      <Nothing title={t('transfers.onNode.signedOnly', { node: name })}>
        {t('transfers.onNode.signedOnlyBody', { node: name })}
      </Nothing>
    );
  if (!mayRun.allowed && mayRun.reason === '') return <Loading />;
  if (!mayRun.allowed)
    return (
      <Nothing title={t('ui.notAllowed')}>
        <LockIcon /> {mayRun.reason}
      </Nothing>
    );
  return <Browser node={name} />;
};
