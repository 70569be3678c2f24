// Shows or edits a text file: loaded when one is opened, as it is large.
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage, type StreamParser } from '@codemirror/language';
import { nginx } from '@codemirror/legacy-modes/mode/nginx';
import { properties } from '@codemirror/legacy-modes/mode/properties';
import { python } from '@codemirror/legacy-modes/mode/python';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import { xml } from '@codemirror/legacy-modes/mode/xml';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { keymap } from '@codemirror/view';
import { CodeEditor, type CodeEditorProps } from '../../ui/code-editor.tsx';

export interface TextEditorProps extends Pick<CodeEditorProps, 'label' | 'initial' | 'onChange'> {
  /** Of the file: says in which language it is written. */
  readonly name: string;
  readonly isReadOnly: boolean;
  /** CodeMirror's words → shown ones. */
  readonly phrases: Readonly<Record<string, string>>;
}

const parsers: readonly (readonly [RegExp, StreamParser<unknown>])[] = [
  [/\.(sh|bash|profile|bashrc)$|^(profile|bashrc)$/, shell],
  [/\.py$/, python],
  [/\.toml$/, toml],
  [/\.xml$/, xml],
  [/nginx.*\.conf$/, nginx],
  [/\.(conf|cfg|cnf|ini|properties|env|repo|service|timer|socket|network)$/, properties],
];

const languageOf = (name: string, text: string): Extension => {
  if (/\.(ya?ml)$/.test(name)) return yaml();
  const parser = parsers.find(([pattern]) => pattern.test(name))?.[1];
  if (parser !== undefined) return StreamLanguage.define(parser);
  return /^#!.*sh\b/.test(text) ? StreamLanguage.define(shell) : [];
};

export const TextEditor = ({ name, isReadOnly, phrases, ...code }: TextEditorProps) => {
  const extensions = [
    EditorState.readOnly.of(isReadOnly),
    EditorState.phrases.of(phrases),
    // A file that ends its lines with CR LF is given back so.
    EditorState.lineSeparator.of(code.initial.includes('\r\n') ? '\r\n' : '\n'),
    search({ top: true }),
    keymap.of([...searchKeymap]),
  ];
  const language = languageOf(name, code.initial);
  return (
    <CodeEditor {...code} language={language} extensions={extensions} minHeight="8rem" maxHeight="65vh" />
  );
};
