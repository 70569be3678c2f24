// Every server of the fleet.
import type { Node } from '@drover/api';
import { certificateSigningRequests, nodes as nodeKind } from '@drover/client/kinds';
import {
  Button,
  PageSection,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
} from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLive } from '../../api/live.ts';
import { paths } from '../../paths.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Loading, Nothing, NothingFound, Problem } from '../../ui/states.tsx';
import { NodeActions } from './node-actions.tsx';
import { nameOf, useNodeColumns } from './node-columns.tsx';
import { filterNodes, useNodeFilter } from './node-filters.ts';
import { useChosenNodes } from './node-names.ts';
import { NodeFilterItems } from './node-toolbar.tsx';
import { isPending, nodeRequests } from './request.ts';
import { useUses } from './usage.ts';

const AddButton = () => {
  const { t } = useTranslation();
  return (
    <Button component={(props) => <Link {...props} to={paths.addNodes()} />}>{t('nodes.add.title')}</Button>
  );
};

/** Leads to who waits; nothing while nobody does, or for who may not see it. */
const Waiting = () => {
  const { t } = useTranslation();
  const { items } = useLive(certificateSigningRequests, nodeRequests);
  const count = items.filter(isPending).length;
  return (
    <Button
      variant={count === 0 ? 'link' : 'secondary'}
      component={(props) => <Link {...props} to={paths.nodeRequests()} />}
      {...(count === 0 ? {} : { countOptions: { isRead: false, count } })}
    >
      {t('shell.pages.nodeRequests')}
    </Button>
  );
};

const List = ({ rows }: { readonly rows: readonly Node[] }) => {
  const { t } = useTranslation();
  const { filter, set, clear, isSet } = useNodeFilter();
  const columns = useNodeColumns(useUses(rows));
  const [chosen, setChosen] = useChosenNodes(rows.map(nameOf));
  if (rows.length === 0)
    return (
      <Nothing title={t('nodes.empty')} actions={<AddButton />}>
        {t('nodes.emptyBody')}
      </Nothing>
    );
  const { found, problem } = filterNodes(rows, filter);
  const chosenRows = rows.filter((node) => chosen.has(nameOf(node)));
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <NodeFilterItems filter={filter} isSet={isSet} problem={problem} onChange={set} />
          <ToolbarGroup>
            <NodeActions
              nodes={chosenRows}
              title={t('ui.selected', { count: chosenRows.length })}
              onGone={() => setChosen(new Set())}
            />
          </ToolbarGroup>
          <ToolbarItem align={{ default: 'alignEnd' }} alignSelf="center">
            {t('ui.rows', { count: found.length })}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {found.length === 0 ? (
        <NothingFound onClear={clear} />
      ) : (
        <DataTable
          label={t('nodes.list')}
          columns={columns}
          rows={found}
          keyOf={nameOf}
          choice={{ chosen, onChange: setChosen }}
        />
      )}
    </>
  );
};

export const Nodes = () => {
  const { t } = useTranslation();
  const { items, state, error, retry } = useLive(nodeKind);
  return (
    <>
      <PageHead
        title={t('shell.pages.nodes')}
        actions={
          <>
            <Waiting />
            <AddButton />
          </>
        }
      />
      <PageSection hasBodyWrapper={false} isFilled>
        {state === 'loading' ? (
          <Loading />
        ) : state === 'failed' ? (
          <Problem error={error} onRetry={retry} />
        ) : (
          <List rows={items} />
        )}
      </PageSection>
    </>
  );
};
