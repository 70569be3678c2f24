// An editor for code, with line numbers, history and the page's colours. Whoever uses it is loaded when it is needed: it is large.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useState } from 'react';
import { nonce } from './nonce.ts';

export interface CodeEditorProps {
  readonly label: string;
  /** What stands there at first; from then on the editor has it. */
  readonly initial: string;
  readonly language: Extension;
  /** As CSS has it. */
  readonly minHeight: string;
  readonly maxHeight: string;
  readonly extensions?: readonly Extension[];
  readonly onChange?: ((text: string) => void) | undefined;
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

const secondary = {
  backgroundColor: 'var(--pf-t--global--background--color--secondary--default)',
  color: 'var(--pf-t--global--text--color--regular)',
};

const looksOf = (minHeight: string, maxHeight: string): Extension =>
  EditorView.theme({
    '&': {
      border: '1px solid var(--pf-t--global--border--color--default)',
      borderRadius: 'var(--pf-t--global--border--radius--small)',
      backgroundColor: 'var(--pf-t--global--background--color--primary--default)',
      color: 'var(--pf-t--global--text--color--regular)',
      fontSize: 'var(--pf-t--global--font--size--body--default)',
    },
    '&.cm-focused': { outline: '2px solid var(--pf-t--global--border--color--clicked)' },
    '.cm-scroller': { fontFamily: 'var(--pf-t--global--font--family--mono)', minHeight, maxHeight },
    '.cm-content': { caretColor: 'var(--pf-t--global--text--color--regular)' },
    '.cm-cursor': { borderLeftColor: 'var(--pf-t--global--text--color--regular)' },
    '.cm-gutters': { ...secondary, color: 'var(--pf-t--global--text--color--subtle)', border: 'none' },
    '.cm-panels': secondary,
  });

const open = (parent: HTMLElement, props: CodeEditorProps): EditorView => {
  const { label, initial, language, minHeight, maxHeight, extensions = [], onChange } = props;
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: initial,
      extensions: [
        EditorView.cspNonce.of(nonce()),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        lineNumbers(),
        history(),
        ...extensions,
        // Tab leaves the editor, as it leaves every field.
        keymap.of([...defaultKeymap, ...historyKeymap]),
        language,
        syntaxHighlighting(highlighting),
        looksOf(minHeight, maxHeight),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) onChange?.(state.sliceDoc());
        }),
      ],
    }),
  });
};

export const CodeEditor = (props: CodeEditorProps) => {
  // Made once: the editor lives as long as its place in the page.
  const [place] = useState(() => (element: HTMLDivElement) => {
    const view = open(element, props);
    return () => view.destroy();
  });
  return <div ref={place} />;
};
