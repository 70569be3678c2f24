// Changing an object, as form or as YAML: both are views of one text (yaml/draft.ts), so nothing is lost between them.
import type { KubeObject } from '@drover/api';
import { Alert, Button, Flex, FlexItem, Stack, StackItem } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ActionButton, type Allowed } from '../../../ui/action-button.tsx';
import { Confirm, type Confirmation } from '../../../ui/confirm.tsx';
import { ObjectForm } from '../form/object-form.tsx';
import type { Schemas } from '../schema/schema.ts';
import { parseText } from '../yaml/document.ts';
import { showProblems, throwAway, toProblems, typeText, useDraft } from '../yaml/draft.ts';
import { YamlEditor } from '../yaml/yaml-editor.tsx';
import { Problems } from './problems.tsx';
import { review, type Step, type Subject } from './save.ts';
import { SaveDialog } from './save-dialog.tsx';

export interface EditingProps {
  readonly subject: Subject;
  /** What the object is called. */
  readonly title: string;
  /** What is shown as long as nothing has been typed. */
  readonly text: string;
  /** undefined: a new object. */
  readonly base: KubeObject | undefined;
  readonly schemas: Schemas | undefined;
  readonly able: Allowed;
  readonly as: 'form' | 'yaml';
  readonly notice?: ReactNode;
  readonly onStored: (object: KubeObject) => void;
}

const useReview = ({ subject, text, base }: EditingProps) => {
  const [step, setStep] = useState<Step>();
  const [isBusy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    try {
      // A new object may be saved just as it is offered.
      typeText(subject, text, base);
      setStep(await review(subject));
    } catch (error) {
      showProblems(subject, toProblems(error));
    } finally {
      setBusy(false);
    }
  };
  return { step, isBusy, ask, close: () => setStep(undefined) };
};

/** The text cannot be shown as a form while it is no YAML. */
const NoForm = ({ why }: { readonly why: string }) => {
  const { t } = useTranslation();
  return (
    <Alert isInline variant="warning" title={t('kinds.edit.unreadable', { why })}>
      {t('kinds.edit.toYaml')}
    </Alert>
  );
};

export const Editing = (props: EditingProps) => {
  const { t } = useTranslation();
  const { subject, title, base, schemas, able, as, notice, onStored } = props;
  const draft = useDraft(subject);
  const [asked, setAsked] = useState<Confirmation>();
  const text = draft?.text ?? props.text;
  const { step, isBusy, ask, close } = useReview({ ...props, text });
  const isNew = subject.name === '';
  const problems = draft?.problems ?? [];
  const error = as === 'form' ? parseText(text).errors[0] : undefined;
  const type = (typed: string): void => typeText(subject, typed, base);
  const mayAsk = able.allowed && (draft !== undefined || isNew);
  const askToDiscard = (): void =>
    setAsked({
      title: t('kinds.edit.discardTitle'),
      body: t('kinds.edit.discardBody', { name: title }),
      action: t('kinds.edit.discard'),
      run: async () => throwAway(subject),
    });
  const editor =
    as === 'yaml' ? (
      <YamlEditor
        label={t('kinds.edit.editor', { name: title })}
        text={text}
        isReadOnly={!able.allowed}
        schemas={schemas}
        problems={problems}
        onChange={type}
        onSave={() => {
          if (mayAsk) void ask();
        }}
      />
    ) : error === undefined ? (
      <ObjectForm
        text={text}
        schemas={schemas}
        problems={problems}
        isNew={isNew}
        isReadOnly={!able.allowed}
        onChange={type}
      />
    ) : (
      <NoForm why={error.message.split('\n')[0] ?? ''} />
    );
  return (
    <Stack hasGutter>
      {notice}
      {able.allowed || able.reason === '' ? null : (
        <Alert isInline variant="info" title={t('kinds.edit.readOnly', { reason: able.reason })} />
      )}
      <Problems problems={problems} />
      <StackItem>{editor}</StackItem>
      <StackItem>
        <Flex>
          <FlexItem>
            <ActionButton
              able={able}
              isDisabled={able.allowed && !mayAsk}
              isLoading={isBusy}
              onClick={() => void ask()}
            >
              {t(isNew ? 'kinds.edit.create' : 'kinds.edit.save')}
            </ActionButton>
          </FlexItem>
          <Button variant="link" isDisabled={draft === undefined} onClick={askToDiscard}>
            {t('kinds.edit.discard')}
          </Button>
        </Flex>
      </StackItem>
      <Confirm asked={asked} onClose={() => setAsked(undefined)} />
      {step === undefined ? null : (
        <SaveDialog
          subject={subject}
          title={t(isNew ? 'kinds.edit.newTitle' : 'kinds.edit.reviewTitle', { name: title })}
          first={step}
          onClose={close}
          onStored={(object) => {
            throwAway(subject);
            close();
            onStored(object);
          }}
        />
      )}
    </Stack>
  );
};
