// Owns the way from what is typed into the form of a transfer to what was made.
import type { FileTransfer } from '@drover/api';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { paths } from '../../paths.ts';
import type { Confirmation } from '../../ui/confirm.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { ForeseenNotes } from '../work/foreseen.tsx';
import { nameOf, pageOf } from '../work/work.ts';
import type { Item } from './choose.ts';
import { type Draft, type Field, problemsOf, transferDraft } from './draft.ts';
import { type Ready, useSend } from './use-send.ts';

export type Words = Partial<Record<Field, string>>;

const useDraft = (initial: Draft): readonly [Draft, (change: Partial<Draft>) => void] => {
  const [, setNodes] = useParameter('nodes');
  const [, setDirection] = useParameter('direction');
  const [draft, setDraft] = useState(initial);
  const set = (change: Partial<Draft>): void => {
    setDraft((before) => {
      const next = { ...before, ...change };
      transferDraft.save(next);
      return next;
    });
    if (change.nodes !== undefined) setNodes(change.nodes);
    if (change.direction !== undefined) setDirection(change.direction);
  };
  return [draft, set];
};

/** What is wrong, in words: ours once it was tried, the controller's until something is changed. */
const useProblems = (draft: Draft, count: number, wasTried: boolean, refused: Words): Words => {
  const { t } = useTranslation();
  const ours = Object.entries(wasTried ? problemsOf(draft, count) : {}).map(
    ([field, problem]) => [field, t(`transfers.problems.${problem}`)] as const,
  );
  return { ...refused, ...Object.fromEntries(ours) };
};

/** Everything that can happen on the way from what is typed to what was made. */
export const useComposer = (initial: Draft) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [draft, setDraft] = useDraft(initial);
  const [items, setItems] = useState<readonly Item[]>([]);
  const [wasTried, setTried] = useState(false);
  const [checks, setChecks] = useState<readonly FileTransfer[]>([]);
  const [asked, setAsked] = useState<Confirmation>();
  const sender = useSend(draft, items);
  const problems = useProblems(draft, items.length, wasTried, sender.refusal?.fields ?? {});
  const forget = (): void => {
    setChecks([]);
    sender.forget();
  };
  const go = async ({ create }: Ready): Promise<void> => {
    const made = await create();
    const [only] = made;
    transferDraft.forget();
    confirmDone(t('transfers.started', { names: made.map(nameOf).join(', ') }));
    await navigate(made.length === 1 && only !== undefined ? pageOf(only) : paths.transfers());
  };
  const send = async (isCheck: boolean): Promise<void> => {
    setTried(true);
    setChecks([]);
    if (Object.keys(problemsOf(draft, items.length)).length > 0) return;
    const ready = await sender.prepare(isCheck);
    if (ready === undefined) return;
    const run = async (): Promise<unknown> => (isCheck ? setChecks(await ready.create()) : go(ready));
    if (ready.foreseen.notes.length === 0) {
      await run().catch(sender.refuse);
      return;
    }
    setAsked({
      title: t('transfers.allTheSame', { count: ready.foreseen.nodes }),
      body: <ForeseenNotes foreseen={ready.foreseen} />,
      action: t('transfers.goAllTheSame'),
      isDanger: ready.foreseen.notes.some(({ kind }) => kind === 'noted' || kind === 'warning'),
      run,
    });
  };
  return {
    fields: {
      draft,
      problems,
      set: (change: Partial<Draft>): void => {
        setDraft(change);
        forget();
      },
    },
    items,
    setItems: (next: readonly Item[]): void => {
      setItems(next);
      forget();
    },
    sender,
    checks,
    send,
    asked,
    onAnswered: () => setAsked(undefined),
  };
};
