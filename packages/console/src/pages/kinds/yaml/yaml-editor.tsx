// The YAML editor, fetched when it is first shown.
import { lazy, Suspense } from 'react';
import { Loading } from '../../../ui/states.tsx';
import type { CodeEditorProps } from './code-editor.tsx';

const CodeEditor = lazy(async () => ({ default: (await import('./code-editor.tsx')).CodeEditor }));

export const YamlEditor = (props: CodeEditorProps) => (
  <Suspense fallback={<Loading />}>
    <CodeEditor {...props} />
  </Suspense>
);
