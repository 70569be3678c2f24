// Edits a text file of a node: what would change is shown before it is saved, and what others changed meanwhile is told.
import { Alert, AlertActionLink, Button, Flex, Stack, StackItem } from '@patternfly/react-core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Confirm, type Confirmation } from '../../ui/confirm.tsx';
import { Diff } from '../../ui/diff.tsx';
import { Loading } from '../../ui/states.tsx';
import { confirmDone } from '../../ui/toasts.tsx';
import type { Entry } from './listing.ts';
import { nameOf, shown } from './remote-path.ts';
import { type Review, reviewFile, saveFile } from './save-file.ts';
import { useEditorPhrases } from './use-editor-phrases.ts';

const TextEditor = lazy(async () => ({ default: (await import('./text-editor.tsx')).TextEditor }));

export interface EditFileProps {
  readonly node: string;
  /** Where it really is. */
  readonly path: string;
  readonly self: Entry;
  readonly text: string;
  readonly sha256: string;
  /** Leaves the editor; what was saved is to be read anew. */
  readonly onDone: () => void;
}

const Changed = ({
  isGone,
  onDiscard,
  onGoOn,
}: {
  readonly isGone: boolean;
  readonly onDiscard: () => void;
  readonly onGoOn: () => void;
}) => {
  const { t } = useTranslation();
  return (
    <Alert
      isInline
      variant="warning"
      title={t(isGone ? 'transfers.onNode.goneMeanwhile' : 'transfers.onNode.changedMeanwhile')}
      actionLinks={
        <>
          <AlertActionLink onClick={onGoOn}>{t('transfers.onNode.compareWithMine')}</AlertActionLink>
          <AlertActionLink onClick={onDiscard}>{t('transfers.onNode.loadTheirs')}</AlertActionLink>
        </>
      }
    >
      {t('transfers.onNode.changedMeanwhileBody')}
    </Alert>
  );
};

const diffOf = (review: Review): string =>
  review.kind === 'diff' ? review.changes.map(({ diff }) => diff).join('\n') : '';

export const EditFile = ({ node, path, self, text: initial, sha256, onDone }: EditFileProps) => {
  const { t } = useTranslation();
  const phrases = useEditorPhrases();
  const [text, setText] = useState(initial);
  const [base, setBase] = useState(sha256);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const [theirs, setTheirs] = useState<string>();
  const [asked, setAsked] = useState<Confirmation>();
  const name = shown(nameOf(path));
  const isSame = text === initial && base === sha256;

  const ask = (review: Review & { readonly kind: 'diff' }, from: string): void => {
    const diff = diffOf(review);
    setAsked({
      title: t('transfers.onNode.saveTitle', { name, node }),
      body:
        diff === '' ? (
          <p>{t('transfers.onNode.noDiff')}</p>
        ) : (
          <Diff label={t('transfers.onNode.diffOf', { name })} text={diff} />
        ),
      action: t('ui.save'),
      isDanger: false,
      isWide: true,
      run: async () => {
        const changed = await saveFile({ node, path, self, text, base: from }, review.manifest);
        if (changed !== undefined) return setTheirs(changed.now);
        confirmDone(t('transfers.onNode.saved', { name, node }));
        onDone();
      },
    });
  };
  const review = async (from: string): Promise<void> => {
    setBusy(true);
    setProblem('');
    setTheirs(undefined);
    try {
      const found = await reviewFile({ node, path, self, text, base: from });
      if (found.kind === 'changed') setTheirs(found.now);
      else ask(found, from);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const discard = (): void => {
    if (text === initial) {
      onDone();
      return;
    }
    setAsked({
      title: t('transfers.onNode.discardTitle'),
      body: t('transfers.onNode.discardBody', { name }),
      action: t('transfers.onNode.discard'),
      run: async () => onDone(),
    });
  };
  return (
    <Stack hasGutter>
      {theirs === undefined ? null : (
        <StackItem>
          <Changed
            isGone={theirs === ''}
            onDiscard={discard}
            onGoOn={() => {
              setBase(theirs);
              void review(theirs);
            }}
          />
        </StackItem>
      )}
      {problem === '' ? null : (
        <StackItem>
          <Alert isInline variant="danger" title={problem} />
        </StackItem>
      )}
      <StackItem>
        <Flex>
          <Button onClick={() => void review(base)} isLoading={isBusy} isDisabled={isBusy || isSame}>
            {t('transfers.onNode.review')}
          </Button>
          <Button variant="link" onClick={discard} isDisabled={isBusy}>
            {t('ui.cancel')}
          </Button>
        </Flex>
      </StackItem>
      <StackItem>
        <Suspense fallback={<Loading />}>
          <TextEditor
            label={t('transfers.onNode.textOf', { name })}
            name={name}
            initial={initial}
            isReadOnly={false}
            phrases={phrases}
            onChange={setText}
          />
        </Suspense>
      </StackItem>
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
    </Stack>
  );
};
