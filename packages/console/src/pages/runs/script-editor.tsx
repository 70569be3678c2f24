// An editor for shell scripts: loaded when a script is written, as it is large.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import {
  defaultHighlightStyle,
  HighlightStyle,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useState } from 'react';

export interface ScriptEditorProps {
  readonly label: string;
  /** What stands there at first; from then on the editor has it. */
  readonly initial: string;
  readonly onChange: (text: string) => void;
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
    minHeight: '14rem',
    maxHeight: '50vh',
  },
  '.cm-content': { caretColor: 'var(--pf-t--global--text--color--regular)' },
  '.cm-cursor': { borderLeftColor: 'var(--pf-t--global--text--color--regular)' },
  '.cm-gutters': {
    backgroundColor: 'var(--pf-t--global--background--color--secondary--default)',
    color: 'var(--pf-t--global--text--color--subtle)',
    border: 'none',
  },
});

/** Styles that are made on the way need the page's nonce. */
const nonce = (): string => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

const open = (parent: HTMLElement, { label, initial, onChange }: ScriptEditorProps): EditorView =>
  new EditorView({
    parent,
    state: EditorState.create({
      doc: initial,
      extensions: [
        EditorView.cspNonce.of(nonce()),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        lineNumbers(),
        history(),
        // Tab leaves the editor, as it leaves every field.
        keymap.of([...defaultKeymap, ...historyKeymap]),
        StreamLanguage.define(shell),
        syntaxHighlighting(highlighting),
        looks,
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) onChange(state.doc.toString());
        }),
      ],
    }),
  });

export const ScriptEditor = (props: ScriptEditorProps) => {
  // Made once: the editor lives as long as its place in the page.
  const [place] = useState(() => (element: HTMLDivElement) => {
    const view = open(element, props);
    return () => view.destroy();
  });
  return <div ref={place} />;
};
