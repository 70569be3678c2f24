// What would become of it, and what each of these things means.
import { Alert, Stack, StackItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import type { Foreseen } from './foresee.ts';
import type { NoteKind } from './notes.ts';

const variants = { approval: 'info', noted: 'warning', later: 'info', warning: 'warning' } as const;
const kinds: readonly NoteKind[] = ['noted', 'warning', 'approval', 'later'];

export const ForeseenNotes = ({ foreseen }: { readonly foreseen: Foreseen }) => {
  const { t } = useTranslation();
  return (
    <Stack hasGutter>
      {kinds.map((kind) => {
        const texts = foreseen.notes.filter((note) => note.kind === kind).map(({ text }) => text);
        return texts.length === 0 ? null : (
          <StackItem key={kind}>
            <Alert isInline variant={variants[kind]} title={t(`runs.foreseen.${kind}`)}>
              <p>{t(`runs.foreseen.${kind}Means`)}</p>
              <ul className="pf-v6-c-list">
                {texts.map((text) => (
                  <li key={text}>{text}</li>
                ))}
              </ul>
            </Alert>
          </StackItem>
        );
      })}
    </Stack>
  );
};
