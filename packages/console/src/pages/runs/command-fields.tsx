// What is to run: a command, as the list of its arguments, or a script.
import { splitWords } from '@drover/api/words';
import { Alert, Label, LabelGroup, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, TextField } from '../../ui/field.tsx';
import { Loading } from '../../ui/states.tsx';
import type { FieldsProps } from './fields.ts';

const ScriptEditor = lazy(async () => ({ default: (await import('./script-editor.tsx')).ScriptEditor }));

/** The arguments as the server gets them. */
const Words = ({ text }: { readonly text: string }) => {
  const { t } = useTranslation();
  const { words, shellWord } = splitWords(text);
  if (words.length === 0) return null;
  return (
    <>
      <LabelGroup categoryName={t('runs.arguments')} numLabels={50}>
        {words.map((word, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an argument may be there twice
          <Label key={index} isCompact variant="outline">
            {word === '' ? '""' : word}
          </Label>
        ))}
      </LabelGroup>
      {shellWord === '' ? null : (
        <Alert isInline isPlain variant="info" title={t('runs.noShell', { word: shellWord })} />
      )}
    </>
  );
};

const Script = ({ draft, set, problems }: FieldsProps) => {
  const { t } = useTranslation();
  return (
    <>
      <Field id="run-script" label={t('runs.script')} problem={problems.script} isRequired>
        <Suspense fallback={<Loading />}>
          <ScriptEditor
            label={t('runs.script')}
            initial={draft.script}
            onChange={(script) => set({ script })}
          />
        </Suspense>
      </Field>
      <TextField
        id="run-interpreter"
        label={t('runs.fields.interpreter')}
        isCode
        value={draft.interpreter}
        onChange={(interpreter) => set({ interpreter })}
        help={t('runs.help.interpreter')}
        problem={problems.interpreter}
      />
    </>
  );
};

export const CommandFields = (props: FieldsProps) => {
  const { t } = useTranslation();
  const { draft, set, problems } = props;
  return (
    <>
      <ToggleGroup aria-label={t('runs.kind')}>
        {(['command', 'script'] as const).map((kind) => (
          <ToggleGroupItem
            key={kind}
            text={t(`runs.${kind}`)}
            buttonId={`run-kind-${kind}`}
            isSelected={draft.kind === kind}
            onChange={() => set({ kind })}
          />
        ))}
      </ToggleGroup>
      {draft.kind === 'script' ? (
        <Script {...props} />
      ) : (
        <>
          <TextField
            id="run-command"
            label={t('runs.command')}
            isCode
            isRequired
            value={draft.command}
            onChange={(command) => set({ command })}
            placeholder="systemctl is-active sshd"
            help={t('runs.help.command')}
            problem={problems.command}
          />
          <Words text={draft.command} />
        </>
      )}
    </>
  );
};
