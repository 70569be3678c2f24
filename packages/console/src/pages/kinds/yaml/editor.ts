// Owns the YAML editor: CodeMirror with what the schema knows, and the problems of the text where they are.
// I1: its <style> element carries the page's nonce (console-files.ts I2).
// I2: a text from outside replaces what is there without becoming a step that can be undone to.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, linter, lintGutter, lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import {
  Compartment,
  EditorState,
  type Extension,
  StateEffect,
  StateField,
  Transaction,
} from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { nonce } from '../../../ui/nonce.ts';
import type { Schemas } from '../schema/schema.ts';
import { schemaCompletion, schemaHover } from './completion.ts';
import { parseText, spanAt } from './document.ts';
import type { Problem } from './draft.ts';
import { toFieldPath } from './field-path.ts';

export interface EditorOptions {
  readonly label: string;
  /** Id of the text that says how to leave it. */
  readonly describedBy: string;
  readonly text: string;
  readonly isReadOnly: boolean;
  readonly schemas: Schemas | undefined;
  /** English words of CodeMirror → shown ones. */
  readonly phrases: Readonly<Record<string, string>>;
  readonly onChange: (text: string) => void;
  readonly onSave: () => void;
}

export interface Editor {
  setText(text: string): void;
  setProblems(problems: readonly Problem[]): void;
  setReadOnly(isReadOnly: boolean): void;
  close(): void;
}

const token = (name: string): string => `var(--pf-t--global--${name})`;

const colours = HighlightStyle.define([
  {
    tag: [tags.definition(tags.propertyName), tags.propertyName],
    color: token('text--color--link--default'),
  },
  { tag: [tags.string, tags.content], color: token('text--color--regular') },
  { tag: tags.comment, color: token('text--color--subtle'), fontStyle: 'italic' },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: token('text--color--brand--default') },
]);

const theme = EditorView.theme({
  '&': {
    color: token('text--color--regular'),
    backgroundColor: token('background--color--primary--default'),
    border: `1px solid ${token('border--color--default')}`,
    fontSize: '0.875rem',
    height: '60vh',
  },
  '.cm-scroller': { fontFamily: token('font--family--mono') },
  '.cm-content': { caretColor: token('text--color--regular') },
  '.cm-cursor': { borderLeftColor: token('text--color--regular') },
  '.cm-gutters': {
    color: token('text--color--subtle'),
    backgroundColor: token('background--color--secondary--default'),
    border: 'none',
  },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: token('background--color--action--plain--hover'),
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: token('background--color--action--plain--alt--clicked'),
  },
  '.cm-tooltip, .cm-panels': {
    color: token('text--color--regular'),
    backgroundColor: token('background--color--floating--default'),
    border: `1px solid ${token('border--color--default')}`,
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    color: token('text--color--on-brand--default'),
    backgroundColor: token('color--brand--default'),
  },
});

const setProblems = StateEffect.define<readonly Problem[]>();

const problemsField = StateField.define<readonly Problem[]>({
  create: () => [],
  update: (problems, { effects }) => effects.find((effect) => effect.is(setProblems))?.value ?? problems,
});

/** What is no YAML, and what the controller has said about fields. */
const diagnose = ({ state }: EditorView): readonly Diagnostic[] => {
  const length = state.doc.length;
  const within = (at: number): number => Math.max(0, Math.min(at, length));
  const document = parseText(state.doc.toString());
  const unreadable = document.errors.map(({ pos: [from, to], message }) => ({
    from: within(from),
    to: within(to),
    severity: 'error' as const,
    message: message.split('\n')[0] ?? '',
  }));
  if (unreadable.length > 0) return unreadable;
  return state.field(problemsField).map(({ path, message }) => {
    const { from, to } = spanAt(document, path);
    const field = toFieldPath(path);
    return {
      from: within(from),
      to: within(to),
      severity: 'error' as const,
      message: field === '' ? message : `${field}: ${message}`,
    };
  });
};

const lint = linter((view) => diagnose(view), {
  delay: 250,
  needsRefresh: ({ transactions }) =>
    transactions.some(({ effects }) => effects.some((e) => e.is(setProblems))),
});

const basics: Extension = [
  lineNumbers(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  history(),
  foldGutter(),
  codeFolding(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  search({ top: true }),
  lintGutter(),
  yaml(),
  syntaxHighlighting(colours),
  theme,
];

const knowledge = (schemas: Schemas | undefined): Extension =>
  schemas === undefined
    ? []
    : [autocompletion({ override: [schemaCompletion(schemas)], icons: false }), schemaHover(schemas)];

const readOnly = (is: boolean): Extension => [EditorState.readOnly.of(is), EditorView.editable.of(true)];

const keys = (onSave: () => void): Extension =>
  keymap.of([
    {
      key: 'Mod-s',
      run: () => {
        onSave();
        return true;
      },
    },
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
    ...lintKeymap,
    indentWithTab,
  ]);

/** Which changes come from outside (I2). */
const fromOutside = StateEffect.define<null>();

export const createEditor = (parent: HTMLElement, options: EditorOptions): Editor => {
  const reading = new Compartment();
  const view = new EditorView({
    parent,
    doc: options.text,
    extensions: [
      EditorView.cspNonce.of(nonce()),
      EditorState.phrases.of(options.phrases),
      basics,
      knowledge(options.schemas),
      keys(options.onSave),
      problemsField,
      lint,
      reading.of(readOnly(options.isReadOnly)),
      EditorView.contentAttributes.of({
        'aria-label': options.label,
        'aria-describedby': options.describedBy,
      }),
      EditorView.updateListener.of(({ docChanged, state, transactions }) => {
        const isOutside = transactions.some(({ effects }) =>
          effects.some((effect) => effect.is(fromOutside)),
        );
        if (docChanged && !isOutside) options.onChange(state.doc.toString());
      }),
    ],
  });
  return {
    setText: (text) => {
      if (text === view.state.doc.toString()) return;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        annotations: Transaction.addToHistory.of(false),
        effects: fromOutside.of(null),
      });
    },
    setProblems: (problems) => view.dispatch({ effects: setProblems.of(problems) }),
    setReadOnly: (is) => view.dispatch({ effects: reading.reconfigure(readOnly(is)) }),
    close: () => view.destroy(),
  };
};
