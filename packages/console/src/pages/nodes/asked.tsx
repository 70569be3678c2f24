// Owns lists of what a node says when it is asked: they stay as they are until somebody asks again.
import { Button } from '@patternfly/react-core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ListViewProps } from '../../ui/list-view.tsx';

const AskAgain = ({ isFetching, onAsk }: { readonly isFetching: boolean; readonly onAsk: () => void }) => {
  const { t } = useTranslation();
  return (
    <Button variant="secondary" isLoading={isFetching} isDisabled={isFetching} onClick={onAsk}>
      {t('nodes.askAgain')}
    </Button>
  );
};

type Asked<T> = Pick<ListViewProps<T>, 'rows' | 'state' | 'error' | 'retry' | 'actions'>;

/** What a list shows of a question: its rows once they are there, why not, and the button that asks again. */
export const asked = <T,>(question: UseQueryResult<readonly T[]>): Asked<T> => {
  const { data, error, isFetching } = question;
  const ask = (): void => void question.refetch();
  const state = data === undefined ? 'loading' : 'live';
  return {
    rows: data ?? [],
    state: error === null ? state : 'failed',
    error,
    retry: ask,
    actions: <AskAgain isFetching={isFetching} onAsk={ask} />,
  };
};
