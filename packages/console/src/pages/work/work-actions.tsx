// What can be done with a run or a transfer: cancel, go on, repeat, decide.
import type { Task } from '@drover/client';
import { planRetry } from '@drover/client/retry';
import { Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCanAll } from '../../api/permissions.ts';
import { useSession } from '../../api/session.ts';
import { can } from '../../can.ts';
import { ActionButton, type Allowed } from '../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { progressOf } from './task-state.ts';
import {
  isOver,
  kindOf,
  nameOf,
  namespaceOf,
  pageOf,
  phaseOf,
  referenceTo,
  type Work,
  waitsForPeople,
} from './work.ts';

const patchSpec = (work: Work, spec: Record<string, unknown>): Promise<Work> =>
  client.patch(
    kindOf(work),
    nameOf(work),
    { type: 'merge', body: { spec } },
    { namespace: namespaceOf(work) },
  );

const decide = (work: Work, type: 'Approved' | 'Denied', message: string): Promise<Work> => {
  const condition = { type, status: 'True', ...(message === '' ? {} : { message }) };
  const body = { status: { conditions: [condition] } };
  const options = { namespace: namespaceOf(work), subresource: 'approval' } as const;
  return client.patch(kindOf(work), nameOf(work), { type: 'merge', body }, options);
};

/** Makes a run of the nodes where this one did not end well; resolves to it. */
const retryFailed = async (work: Work): Promise<Work | undefined> => {
  const tasks: Task[] = [];
  for await (const task of client.allResults(referenceTo(work))) tasks.push(task);
  const retry = planRetry(work, tasks);
  if (retry.kind !== 'retry') return undefined;
  return client.create(kindOf(work), retry.object, { namespace: namespaceOf(work) });
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
  work,
  able,
  ask,
}: {
  readonly work: Work;
  readonly able: Allowed;
  readonly ask: (asked: Confirmation) => void;
}) => {
  const { t } = useTranslation();
  const name = nameOf(work);
  const reason = useRef('');
  const { data: session } = useSession();
  const isOwn = session !== undefined && session.username === work.spec.requester?.username;
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
        await decide(work, type, reason.current);
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

/** `onAgain`: composes the same anew. */
export const WorkActions = ({ work, onAgain }: { readonly work: Work; readonly onAgain: () => void }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Confirmation>();
  const area = work.kind === 'CommandRun' ? 'runs' : 'transfers';
  const [name, namespace] = [nameOf(work), namespaceOf(work)];
  const [mayChange, mayMake, mayDecide] = useCanAll([
    can.any('patch', kindOf(work), namespace, name),
    can.any('create', kindOf(work), namespace),
    can.decideWork(kindOf(work).plural, namespace, name),
  ]);
  const { done, total } = progressOf(work.status?.counts);
  const failed = total - (work.status?.counts?.succeeded ?? 0);
  const cancel: Confirmation = {
    title: t('runs.cancelTitle', { name }),
    body: t(`${area}.cancelBody`, { count: total - done }),
    action: t(`${area}.cancel`),
    run: async () => {
      await patchSpec(work, { cancel: true });
      confirmDone(t('runs.cancelDone', { name }));
    },
  };
  const retry: Confirmation = {
    title: t('runs.retryTitle', { count: failed }),
    body: t(`${area}.retryBody`),
    action: t('runs.retry'),
    isDanger: false,
    run: async () => {
      const next = await retryFailed(work);
      if (next !== undefined) await navigate(pageOf(next));
    },
  };
  const approved = work.spec.strategy.approvedBatches + 1;
  const goOn = (): Promise<unknown> => patchSpec(work, { strategy: { approvedBatches: approved } });
  const isAtGate = phaseOf(work) === 'Paused' && work.spec.strategy.gate !== 'Automatic';
  return (
    <>
      {waitsForPeople(work) ? (
        <Decisions work={work} able={mayDecide ?? { allowed: false, reason: '' }} ask={setAsked} />
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
      {isOver(work) && failed > 0 ? (
        <ActionButton able={mayMake} onClick={() => setAsked(retry)}>
          {t('runs.retry')}
        </ActionButton>
      ) : null}
      <ActionButton able={mayMake} variant="secondary" onClick={onAgain}>
        {t(`${area}.again`)}
      </ActionButton>
      {isOver(work) ? null : (
        <ActionButton
          able={work.spec.cancel ? { allowed: false, reason: t('runs.isCancelling') } : mayChange}
          variant="danger"
          onClick={() => setAsked(cancel)}
        >
          {t(`${area}.cancel`)}
        </ActionButton>
      )}
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </>
  );
};
