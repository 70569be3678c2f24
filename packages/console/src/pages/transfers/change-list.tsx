// What a push changed on a node, or would change, each file with its diff.
import type { Change, Refused } from '@drover/client/outcome';
import { Alert, Button, ExpandableSection, Label, List, ListItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Diff } from '../../ui/diff.tsx';
import { shown } from '../node-files/remote-path.ts';
import { fullPath } from './transfer.ts';

const pageSize = 50;
const actions = ['create', 'update', 'mode', 'owner', 'link'] as const;
type Action = (typeof actions)[number];

const isAction = (word: string): word is Action => (actions as readonly string[]).includes(word);

const One = ({
  change,
  root,
  isCheck,
  isOpen,
}: {
  readonly change: Change;
  readonly root: string;
  readonly isCheck: boolean;
  readonly isOpen: boolean;
}) => {
  const { t } = useTranslation();
  const [isExpanded, setExpanded] = useState(isOpen);
  const { action, diff } = change;
  const path = shown(fullPath(root, change.path));
  const words = !isAction(action) ? action : t(`transfers.${isCheck ? 'would' : 'did'}.${action}`);
  const title = (
    <>
      <span className="drover-code">{path}</span>{' '}
      <Label isCompact {...(action === 'create' ? { status: 'success' } : { status: 'info' })}>
        {words}
      </Label>
    </>
  );
  if (diff === '') return title;
  return (
    <ExpandableSection
      toggleContent={title}
      isExpanded={isExpanded}
      onToggle={(_event, is) => setExpanded(is)}
    >
      <Diff label={t('transfers.diffOf', { path })} text={diff} />
    </ExpandableSection>
  );
};

export const ChangeList = ({
  changes,
  refused,
  root,
  isCheck,
}: {
  readonly changes: readonly Change[];
  readonly refused: readonly Refused[];
  readonly root: string;
  readonly isCheck: boolean;
}) => {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(pageSize);
  return (
    <>
      {refused.length === 0 ? null : (
        <Alert isInline variant="danger" title={t('transfers.refused', { count: refused.length })}>
          <List>
            {refused.slice(0, limit).map(({ path, reason }) => (
              <ListItem key={path}>
                <span className="drover-code">{shown(fullPath(root, path))}</span>: {reason}
              </ListItem>
            ))}
          </List>
        </Alert>
      )}
      {changes.length === 0 ? (
        <p>{t(isCheck ? 'transfers.nothingWouldChange' : 'transfers.nothingChanged')}</p>
      ) : (
        <List isPlain isBordered>
          {changes.slice(0, limit).map((change) => (
            <ListItem key={change.path}>
              <One change={change} root={root} isCheck={isCheck} isOpen={changes.length <= 5} />
            </ListItem>
          ))}
        </List>
      )}
      {changes.length <= limit ? null : (
        <Button variant="link" onClick={() => setLimit(limit + pageSize)}>
          {t('transfers.moreChanges', { count: changes.length - limit })}
        </Button>
      )}
    </>
  );
};
