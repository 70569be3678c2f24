// The YAML editor as a component. Heavy: loaded on demand (yaml-editor.tsx).
import { useEffect, useEffectEvent, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../schema/schema.ts';
import type { Problem } from './draft.ts';
import { createEditor, type Editor } from './editor.ts';

export interface CodeEditorProps {
  readonly label: string;
  readonly text: string;
  readonly isReadOnly: boolean;
  readonly schemas: Schemas | undefined;
  readonly problems: readonly Problem[];
  readonly onChange: (text: string) => void;
  readonly onSave: () => void;
}

export const CodeEditor = ({
  label,
  text,
  isReadOnly,
  schemas,
  problems,
  onChange,
  onSave,
}: CodeEditorProps) => {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);
  const help = useId();
  const change = useEffectEvent(onChange);
  const save = useEffectEvent(onSave);
  const options = useEffectEvent(() => ({
    label,
    describedBy: help,
    text,
    isReadOnly,
    schemas,
    phrases: t('kinds.phrases', { returnObjects: true }),
  }));
  // Another library's view lives in the page: made and ended with this component, anew for another schema.
  useEffect(() => {
    if (frame.current === null) return;
    const made = createEditor(frame.current, { ...options(), schemas, onChange: change, onSave: save });
    editor.current = made;
    return () => made.close();
  }, [schemas]);
  // What changes outside is told to it.
  useEffect(() => editor.current?.setText(text), [text]);
  // As above.
  useEffect(() => editor.current?.setProblems(problems), [problems]);
  // As above.
  useEffect(() => editor.current?.setReadOnly(isReadOnly), [isReadOnly]);
  return (
    <>
      <div ref={frame} />
      <small id={help}>{t('kinds.edit.keys')}</small>
    </>
  );
};
