// Shows or edits a text file: loaded when one is opened, as it is large.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  defaultHighlightStyle,
  HighlightStyle,
  StreamLanguage,
  type StreamParser,
  syntaxHighlighting,
} from '@codemirror/language';
import { nginx } from '@codemirror/legacy-modes/mode/nginx';
import { properties } from '@codemirror/legacy-modes/mode/properties';
import { python } from '@codemirror/legacy-modes/mode/python';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import { xml } from '@codemirror/legacy-modes/mode/xml';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useState } from 'react';

export interface TextEditorProps {
  readonly label: string;
  /** Of the file: says in which language it is written. */
  readonly name: string;
  /** What stands there at first; from then on the editor has it. */
  readonly initial: string;
  readonly isReadOnly: boolean;
  /** CodeMirror's words → shown ones. */
  readonly phrases: Readonly<Record<string, string>>;
  readonly onChange?: (text: string) => void;
}

/** The usual colours, lightened where the page is dark. */
const highlighting = HighlightStyle.define(
  defaultHighlightStyle.specs.map((spec) => ({
    ...spec,
    ...(typeof spec['color'] === 'string'
      ? { color: `light-dark(${spec['color']}, color-mix(in srgb, ${spec['color']} 35%, white))` }
      : {}),
  })),
);

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

const looks = EditorView.theme({
  '&': {
    border: '1px solid var(--pf-t--global--border--color--default)',
    borderRadius: 'var(--pf-t--global--border--radius--small)',
    backgroundColor: 'var(--pf-t--global--background--color--primary--default)',
    color: 'var(--pf-t--global--text--color--regular)',
    fontSize: 'var(--pf-t--global--font--size--body--default)',
  },
  '&.cm-focused': { outline: '2px solid var(--pf-t--global--border--color--clicked)' },
  '.cm-scroller': {
    fontFamily: 'var(--pf-t--global--font--family--mono)',
    minHeight: '8rem',
    maxHeight: '65vh',
  },
  '.cm-content': { caretColor: 'var(--pf-t--global--text--color--regular)' },
  '.cm-cursor': { borderLeftColor: 'var(--pf-t--global--text--color--regular)' },
  '.cm-gutters': {
    backgroundColor: 'var(--pf-t--global--background--color--secondary--default)',
    color: 'var(--pf-t--global--text--color--subtle)',
    border: 'none',
  },
  '.cm-panels': {
    backgroundColor: 'var(--pf-t--global--background--color--secondary--default)',
    color: 'var(--pf-t--global--text--color--regular)',
  },
});

/** Styles that are made on the way need the page's nonce. */
const nonce = (): string => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

const open = (parent: HTMLElement, props: TextEditorProps): EditorView => {
  const { label, name, initial, isReadOnly, phrases, onChange } = props;
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: initial,
      extensions: [
        EditorView.cspNonce.of(nonce()),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorState.readOnly.of(isReadOnly),
        EditorState.phrases.of(phrases),
        // A file that ends its lines with CR LF is given back so.
        EditorState.lineSeparator.of(initial.includes('\r\n') ? '\r\n' : '\n'),
        lineNumbers(),
        history(),
        search({ top: true }),
        // Tab leaves the editor, as it leaves every field.
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
        languageOf(name, initial),
        syntaxHighlighting(highlighting),
        looks,
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) onChange?.(state.sliceDoc());
        }),
      ],
    }),
  });
};

export const TextEditor = (props: TextEditorProps) => {
  // Made once: the editor lives as long as its place in the page.
  const [place] = useState(() => (element: HTMLDivElement) => {
    const view = open(element, props);
    return () => view.destroy();
  });
  return <div ref={place} />;
};
