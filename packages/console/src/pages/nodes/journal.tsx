// The newest lines of the journal of one service.
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { mustRunOn } from '../../api/quick-run.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loading, Nothing, Problem } from '../../ui/states.tsx';
import { type JournalEntry, journalOf, parseJournal, severities } from './services.ts';

export const Journal = ({
  node,
  unit,
  onClose,
}: {
  readonly node: string;
  readonly unit: string;
  readonly onClose: () => void;
}) => {
  const { t, i18n } = useTranslation();
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['journal', node, unit],
    queryFn: async ({ signal }) =>
      parseJournal((await mustRunOn(node, journalOf(unit), 'journal', signal)).stdout),
    retry: false,
  });
  const columns: readonly Column<JournalEntry>[] = [
    {
      key: 'time',
      title: t('events.when'),
      width: '15rem',
      show: ({ timeMs }) => new Date(timeMs).toLocaleString(i18n.language),
    },
    {
      key: 'priority',
      title: t('nodes.services.priority'),
      width: '6rem',
      show: ({ priority }) => severities[priority ?? -1] ?? '',
    },
    {
      key: 'message',
      title: t('nodes.message'),
      show: ({ message }) => <span className="drover-code">{message}</span>,
    },
  ];
  const body = (): React.ReactNode => {
    if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
    if (data === undefined) return <Loading />;
    if (data.length === 0) return <Nothing title={t('nodes.services.emptyJournal')} />;
    return (
      <DataTable
        label={t('nodes.services.journal')}
        columns={columns}
        rows={data}
        keyOf={({ cursor }) => cursor}
        maxHeight="60vh"
      />
    );
  };
  return (
    <Modal isOpen variant="large" onClose={onClose} aria-labelledby="journal-title">
      <ModalHeader title={t('nodes.services.journalOf', { unit, node })} labelId="journal-title" />
      <ModalBody>{body()}</ModalBody>
      <ModalFooter>
        <Button onClick={() => void refetch()} isLoading={isFetching} isDisabled={isFetching}>
          {t('nodes.askAgain')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('ui.close')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
