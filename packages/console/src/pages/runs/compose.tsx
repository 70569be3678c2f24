// Composing a run: where, what, how; what would become of it; and off it goes.
import type { CommandRun } from '@drover/api';
import { commandRuns } from '@drover/client/kinds';
import { ActionGroup, Alert, Button, Form, FormSection, PageSection } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { client } from '../../api/client.ts';
import { useCan } from '../../api/permissions.ts';
import { can } from '../../can.ts';
import { paths } from '../../paths.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { useParameter } from '../../ui/filter.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import { FleetOptions } from '../work/fleet-options.tsx';
import { type Foreseen, foresee } from '../work/foresee.ts';
import { ForeseenNotes } from '../work/foreseen.tsx';
import { More } from '../work/more.tsx';
import { type Refusal, toRefusal } from '../work/refusal.ts';
import { TargetFields } from '../work/target-fields.tsx';
import { nameOf, namespaceOf } from '../work/work.ts';
import { CommandFields } from './command-fields.tsx';
import { type Draft, emptyDraft, type Field, fieldOf, problemsOf, runDraft, toRun } from './draft.ts';
import { NodeOptions } from './option-fields.tsx';
import { KeepButtons, UseSavedButton } from './saved.tsx';

type Words = Partial<Record<Field, string>>;

const nodeOptions: readonly Field[] = ['user', 'cwd', 'timeout', 'name', 'env', 'stdin'];
const fleetOptions: readonly Field[] = [
  'width',
  'maxFailures',
  'batches',
  'pause',
  'gate',
  'offline',
  'expire',
];
const isAnyGiven = (draft: Draft, fields: readonly Field[]): boolean =>
  fields.some((field) => draft[field] !== emptyDraft[field]);

const useDraft = (initial: Draft): readonly [Draft, (change: Partial<Draft>) => void] => {
  const [, setNodes] = useParameter('nodes');
  const [draft, setDraft] = useState(initial);
  const set = (change: Partial<Draft>): void => {
    setDraft((before) => {
      const next = { ...before, ...change };
      runDraft.save(next);
      return next;
    });
    if (change.nodes !== undefined) setNodes(change.nodes);
  };
  return [draft, set];
};

/** What is wrong, in words: ours at once when it was tried, the controller's until the field is changed. */
const useProblems = (draft: Draft, wasTried: boolean, refused: Words): Words => {
  const { t } = useTranslation();
  const ours = Object.entries(wasTried ? problemsOf(draft) : {}).map(
    ([field, problem]) => [field, t(`runs.problems.${problem}`)] as const,
  );
  return { ...refused, ...Object.fromEntries(ours) };
};

const Composer = ({ initial }: { readonly initial: Draft }) => {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [draft, setDraft] = useDraft(initial);
  const [wasTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal<Field>>();
  const [foreseen, setForeseen] = useState<Foreseen>();
  const [asked, setAsked] = useState<Confirmation>();
  const [timesTaken, setTimesTaken] = useState(0);
  const able = useCan(can.runCommands(draft.namespace));
  const problems = useProblems(draft, wasTried, refusal?.fields ?? {});
  const set = (change: Partial<Draft>): void => {
    setDraft(change);
    setForeseen(undefined);
    setRefusal(undefined);
  };
  const takeSaved = (saved: Draft): void => {
    set(saved);
    setTimesTaken((times) => times + 1);
  };
  const create = async (): Promise<void> => {
    const made = await client.create<CommandRun>(commandRuns, toRun(draft), { namespace: draft.namespace });
    runDraft.forget();
    confirmDone(t('runs.started', { name: nameOf(made) }));
    await navigate(paths.run(namespaceOf(made), nameOf(made)));
  };
  const send = async (isTrial: boolean): Promise<void> => {
    setTried(true);
    setRefusal(undefined);
    if (Object.keys(problemsOf(draft)).length > 0) return;
    setBusy(true);
    try {
      const found = await foresee(commandRuns, toRun(draft), draft.namespace);
      setForeseen(found);
      if (isTrial) return;
      if (found.notes.length === 0) return await create();
      setAsked({
        title: t('runs.allTheSame', { count: found.nodes }),
        body: <ForeseenNotes foreseen={found} />,
        action: t('runs.runAllTheSame'),
        isDanger: found.notes.some(({ kind }) => kind === 'noted' || kind === 'warning'),
        run: create,
      });
    } catch (error) {
      setRefusal(toRefusal(error, fieldOf));
    } finally {
      setBusy(false);
    }
  };
  const fields = { draft, set, problems };
  return (
    <Form
      isWidthLimited
      maxWidth="60rem"
      onSubmit={(event) => {
        event.preventDefault();
        void send(false);
      }}
    >
      <FormSection title={t('runs.where')} titleElement="h2">
        <TargetFields {...fields} signBy="drover run --sign" />
      </FormSection>
      <FormSection title={t('runs.what')} titleElement="h2">
        <UseSavedButton draft={draft} onUse={takeSaved} />
        {/* The editor of a script takes what it begins with once. */}
        <CommandFields key={timesTaken} {...fields} />
      </FormSection>
      <More title={t('runs.nodeOptions')} isUsed={isAnyGiven(draft, nodeOptions)}>
        <NodeOptions {...fields} />
      </More>
      <More title={t('runs.fleetOptions')} isUsed={isAnyGiven(draft, fleetOptions)}>
        <FleetOptions {...fields} />
      </More>
      {refusal === undefined ? null : <Alert isInline variant="danger" title={refusal.title} />}
      {foreseen === undefined ? null : (
        <>
          <Alert isInline variant="success" title={t('runs.wouldRun', { count: foreseen.nodes })} />
          <ForeseenNotes foreseen={foreseen} />
        </>
      )}
      <ActionGroup>
        <ActionButton able={able} type="submit" isLoading={isBusy} isDisabled={isBusy}>
          {t('runs.run')}
        </ActionButton>
        <ActionButton able={able} variant="secondary" isDisabled={isBusy} onClick={() => void send(true)}>
          {t('runs.tryOnly')}
        </ActionButton>
        <Button variant="link" component={(props) => <Link {...props} to={paths.runs()} />}>
          {t('ui.cancel')}
        </Button>
      </ActionGroup>
      <KeepButtons draft={draft} onProblem={() => setTried(true)} />
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </Form>
  );
};

export const Compose = () => {
  const { t } = useTranslation();
  const [nodes] = useParameter('nodes');
  const title = t('shell.pages.runs');
  const draft = runDraft.load();
  return (
    <>
      <PageHead
        title={t('shell.pages.newRun')}
        crumbs={[{ title, link: <Link to={paths.runs()}>{title}</Link> }]}
      />
      <PageSection hasBodyWrapper={false} isFilled>
        <Composer initial={nodes === '' ? draft : { ...draft, nodes }} />
      </PageSection>
    </>
  );
};
