// What is different between two texts, line by line, with some lines around.
import { structuredPatch } from 'diff';
import { useTranslation } from 'react-i18next';

const aroundLines = 3;

const marks: Readonly<Record<string, string>> = {
  '+': 'var(--pf-t--global--border--color--status--success--default)',
  '-': 'var(--pf-t--global--border--color--status--danger--default)',
};

const Line = ({ line }: { readonly line: string }) => {
  const mark = line.charAt(0);
  const Element = mark === '+' ? 'ins' : mark === '-' ? 'del' : 'span';
  return (
    <Element
      style={{
        display: 'block',
        textDecoration: 'none',
        paddingInlineStart: '0.5rem',
        borderInlineStart: `4px solid ${marks[mark] ?? 'transparent'}`,
        fontWeight: mark === ' ' ? undefined : 600,
      }}
    >
      {line === '' ? ' ' : line}
    </Element>
  );
};

export const DiffView = ({ before, after }: { readonly before: string; readonly after: string }) => {
  const { t } = useTranslation();
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: aroundLines });
  if (hunks.length === 0) return <p>{t('kinds.edit.nothing')}</p>;
  return (
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    <section
      aria-label={t('kinds.edit.difference')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      style={{ maxHeight: '50vh', overflow: 'auto' }}
    >
      {hunks.map(({ oldStart, newStart, lines }) => (
        <pre key={`${oldStart}/${newStart}`} className="drover-code" style={{ marginBlockEnd: '1rem' }}>
          {lines.map((line, index) => (
            // Lines of a hunk never move.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <Line key={index} line={line} />
          ))}
        </pre>
      ))}
    </section>
  );
};
