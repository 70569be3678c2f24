// Shows what saving will do and asks for it; leads through what somebody else has changed meanwhile.
import type { KubeObject } from '@drover/api';
import {
  Alert,
  Button,
  Content,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Stack,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Loading } from '../../../ui/states.tsx';
import { toFieldPath } from '../yaml/field-path.ts';
import { type Choice, Conflicts } from './conflicts.tsx';
import { DiffView } from './diff-view.tsx';
import { resolve, type Step, type Subject, store } from './save.ts';

interface SaveDialogProps {
  readonly subject: Subject;
  readonly title: string;
  /** Of what `review` said. */
  readonly first: Step;
  readonly onStored: (object: KubeObject) => void;
  readonly onClose: () => void;
}

type Unstored = Exclude<Step, { readonly kind: 'stored' }>;

const Body = ({
  step,
  isNew,
  choices,
  onChoose,
}: {
  readonly step: Unstored;
  readonly isNew: boolean;
  readonly choices: readonly (Choice | undefined)[];
  readonly onChoose: (index: number, choice: Choice) => void;
}) => {
  const { t } = useTranslation();
  switch (step.kind) {
    case 'gone':
      return <Alert isInline variant="warning" title={t('kinds.edit.gone')} />;
    case 'conflict':
      return (
        <>
          <Alert isInline variant="warning" title={t('kinds.edit.conflictTitle')}>
            {t('kinds.edit.conflictBody')}
          </Alert>
          <Conflicts conflicts={step.merge.conflicts} choices={choices} onChoose={onChoose} />
        </>
      );
    case 'review':
      return (
        <>
          {step.joined.length === 0 ? null : (
            <Alert
              isInline
              variant="info"
              title={t('kinds.edit.joined', { fields: step.joined.map(toFieldPath).join(', ') })}
            />
          )}
          <Content component="p">{t(isNew ? 'kinds.edit.newBody' : 'kinds.edit.reviewBody')}</Content>
          <DiffView before={step.before} after={step.after} />
        </>
      );
  }
};

/** Where the dialog stands, and going on from there. */
const useSteps = ({ subject, first, onStored }: SaveDialogProps) => {
  const [step, setStep] = useState(first);
  const [choices, setChoices] = useState<readonly (Choice | undefined)[]>([]);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const choose = (index: number, choice: Choice): void =>
    setChoices((before) =>
      Array.from({ length: Math.max(before.length, index + 1) }, (_, i) =>
        i === index ? choice : before[i],
      ),
    );
  const next = (): Promise<Step> =>
    step.kind === 'conflict'
      ? resolve(
          subject,
          step,
          choices.map((choice) => choice ?? 'mine'),
        )
      : store(subject);
  const goOn = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      const after = await next();
      if (after.kind === 'stored') onStored(after.object);
      else setStep(after);
      setChoices([]);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const isDecided =
    step.kind !== 'conflict' ||
    step.merge.conflicts.every((_conflict, index) => choices[index] !== undefined);
  return { step, choices, choose, problem, isBusy, goOn, isDecided };
};

export const SaveDialog = (props: SaveDialogProps) => {
  const { t } = useTranslation();
  const { step, choices, choose, problem, isBusy, goOn, isDecided } = useSteps(props);
  const { subject, title, onClose } = props;
  const isNew = subject.name === '';
  const action =
    step.kind === 'conflict'
      ? t('kinds.edit.goOn')
      : t(isNew ? 'kinds.edit.confirmCreate' : 'kinds.edit.confirm');
  const isPointless = step.kind === 'gone' || (step.kind === 'review' && step.before === step.after);
  return (
    <Modal isOpen variant="large" onClose={onClose} aria-labelledby="save-title">
      <ModalHeader title={title} labelId="save-title" />
      <ModalBody>
        <Stack hasGutter>
          {problem === '' ? null : <Alert isInline variant="danger" title={problem} />}
          {step.kind === 'stored' ? (
            <Loading />
          ) : (
            <Body step={step} isNew={isNew} choices={choices} onChoose={choose} />
          )}
        </Stack>
      </ModalBody>
      <ModalFooter>
        {isPointless ? null : (
          <Button onClick={() => void goOn()} isLoading={isBusy} isDisabled={isBusy || !isDecided}>
            {action}
          </Button>
        )}
        <Button variant="link" onClick={onClose}>
          {t('kinds.edit.back')}
        </Button>
      </ModalFooter>
    </Modal>
  );
};
