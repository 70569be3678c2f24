// An editor for shell scripts: loaded when a script is written, as it is large.
import { StreamLanguage } from '@codemirror/language';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { CodeEditor, type CodeEditorProps } from '../../ui/code-editor.tsx';

export type ScriptEditorProps = Pick<CodeEditorProps, 'label' | 'initial' | 'onChange'>;

const language = StreamLanguage.define(shell);

export const ScriptEditor = (props: ScriptEditorProps) => (
  <CodeEditor {...props} language={language} minHeight="14rem" maxHeight="50vh" />
);
