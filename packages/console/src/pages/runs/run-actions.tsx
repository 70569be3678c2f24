// What can be done with a run: cancel, go on, repeat, decide.
import type { CommandRun } from '@drover/api';
import type { Task } from '@drover/client';
import { commandRuns } from '@drover/client/kinds';
import { planRetry } from '@drover/client/retry';
import { Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCanAll } from '../../api/permissions.ts';
import { useSession } from '../../api/session.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton, type Allowed } from '../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { saveDraft, toDraft } from './draft.ts';
import { isOver, nameOf, namespaceOf, phaseOf, referenceTo, waitsForPeople } from './run.ts';
import { progressOf } from './task-state.ts';

const patchSpec = (run: CommandRun, spec: Record<string, unknown>): Promise<CommandRun> =>
  client.patch(commandRuns, nameOf(run), { type: 'merge', body: { spec } }, { namespace: namespaceOf(run) });

const decide = (run: CommandRun, type: 'Approved' | 'Denied', message: string): Promise<CommandRun> => {
  const condition = { type, status: 'True', ...(message === '' ? {} : { message }) };
  const body = { status: { conditions: [condition] } };
  const options = { namespace: namespaceOf(run), subresource: 'approval' } as const;
  return client.patch(commandRuns, nameOf(run), { type: 'merge', body }, options);
};

/** Makes a run of the nodes where this one did not end well; resolves to its name. */
const retryFailed = async (run: CommandRun): Promise<string> => {
  const tasks: Task[] = [];
  for await (const task of client.allResults(referenceTo(run))) tasks.push(task);
  const retry = planRetry(run, tasks);
  if (retry.kind !== 'retry') return '';
  const made = await client.create(commandRuns, retry.object, { namespace: namespaceOf(run) });
  return made.metadata.name ?? '';
};

const Reason = ({ onChange }: { readonly onChange: (text: string) => void }) => {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <Form onSubmit={(event) => event.preventDefault()}>
      <FormGroup label={t('runs.decisionReason')} fieldId="decision-reason">
        <TextInput
          id="decision-reason"
          value={text}
          onChange={(_event, value) => {
            setText(value);
            onChange(value);
          }}
        />
      </FormGroup>
    </Form>
  );
};

/** While a run waits for somebody else. */
const Decisions = ({
  run,
  able,
  ask,
}: {
  readonly run: CommandRun;
  readonly able: Allowed;
  readonly ask: (asked: Confirmation) => void;
}) => {
  const { t } = useTranslation();
  const name = nameOf(run);
  const reason = useRef('');
  const { data: session } = useSession();
  const isOwn = session !== undefined && session.username === run.spec.requester?.username;
  const mayDecide = able.allowed && isOwn ? { allowed: false, reason: t('runs.ownApproval') } : able;
  const open = (type: 'Approved' | 'Denied'): void => {
    const word = type === 'Approved' ? 'approve' : 'reject';
    ask({
      title: t(`runs.${word}Title`, { name }),
      action: t(`runs.${word}`),
      isDanger: type === 'Denied',
      body: (
        <Reason
          onChange={(text) => {
            reason.current = text;
          }}
        />
      ),
      run: async () => {
        await decide(run, type, reason.current);
        confirmDone(t(`runs.${word}Done`, { name }));
      },
    });
  };
  return (
    <>
      <ActionButton able={mayDecide} onClick={() => open('Approved')}>
        {t('runs.approve')}
      </ActionButton>
      <ActionButton able={able} variant="secondary" isDanger onClick={() => open('Denied')}>
        {t('runs.reject')}
      </ActionButton>
    </>
  );
};

export const RunActions = ({ run }: { readonly run: CommandRun }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Confirmation>();
  const [name, namespace] = [nameOf(run), namespaceOf(run)];
  const [mayChange, mayMake, mayDecide] = useCanAll([
    can.cancelRun(namespace, name),
    can.runCommands(namespace),
    can.decideRun(namespace, name),
  ]);
  const { done, total } = progressOf(run.status?.counts);
  const failed = total - (run.status?.counts?.succeeded ?? 0);
  const cancel: Confirmation = {
    title: t('runs.cancelTitle', { name }),
    body: t('runs.cancelBody', { count: total - done }),
    action: t('runs.cancel'),
    run: async () => {
      await patchSpec(run, { cancel: true });
      confirmDone(t('runs.cancelDone', { name }));
    },
  };
  const retry: Confirmation = {
    title: t('runs.retryTitle', { count: failed }),
    body: t('runs.retryBody'),
    action: t('runs.retry'),
    isDanger: false,
    run: async () => {
      const next = await retryFailed(run);
      if (next !== '') await navigate(paths.run(namespace, next));
    },
  };
  const approved = run.spec.strategy.approvedBatches + 1;
  const goOn = (): Promise<unknown> => patchSpec(run, { strategy: { approvedBatches: approved } });
  const isAtGate = phaseOf(run) === 'Paused' && run.spec.strategy.gate !== 'Automatic';
  return (
    <>
      {waitsForPeople(run) ? (
        <Decisions run={run} able={mayDecide ?? { allowed: false, reason: '' }} ask={setAsked} />
      ) : null}
      {isAtGate ? (
        <ActionButton
          able={mayChange}
          onClick={() =>
            setAsked({
              title: t('runs.goOnTitle', { name }),
              body: t('runs.goOnBody'),
              action: t('runs.goOn'),
              isDanger: false,
              run: goOn,
            })
          }
        >
          {t('runs.goOn')}
        </ActionButton>
      ) : null}
      {isOver(run) && failed > 0 ? (
        <ActionButton able={mayMake} onClick={() => setAsked(retry)}>
          {t('runs.retry')}
        </ActionButton>
      ) : null}
      <ActionButton
        able={mayMake}
        variant="secondary"
        onClick={() => {
          saveDraft(toDraft(run));
          void navigate(paths.newRun());
        }}
      >
        {t('runs.again')}
      </ActionButton>
      {isOver(run) ? null : (
        <ActionButton
          able={run.spec.cancel ? { allowed: false, reason: t('runs.isCancelling') } : mayChange}
          variant="danger"
          onClick={() => setAsked(cancel)}
        >
          {t('runs.cancel')}
        </ActionButton>
      )}
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};
