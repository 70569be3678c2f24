// Text as a terminal would show it: coloured, and with what is looked for marked.
import type { CSSProperties, ReactNode } from 'react';
import { logGround, logText, type Span, type Style, toSpans } from './ansi.ts';

const toCss = ({ colour, background, bold, underline }: Style): CSSProperties => ({
  ...(colour === undefined ? {} : { color: colour }),
  ...(background === undefined ? {} : { background, ...(colour === undefined ? { color: logGround } : {}) }),
  ...(bold === true ? { fontWeight: 700 } : {}),
  ...(underline === true ? { textDecoration: 'underline' } : {}),
});

/** `find` in lower case; '': nothing is marked. */
const marked = (text: string, find: string): ReactNode => {
  if (find === '') return text;
  const parts: ReactNode[] = [];
  const lower = text.toLowerCase();
  let end = 0;
  for (let at = lower.indexOf(find); at >= 0; at = lower.indexOf(find, end)) {
    parts.push(text.slice(end, at), <mark key={at}>{text.slice(at, at + find.length)}</mark>);
    end = at + find.length;
  }
  return [...parts, text.slice(end)];
};

const isPlain = (style: Style): boolean => Object.values(style).every((value) => value === undefined);

const Part = ({ span, find }: { readonly span: Span; readonly find: string }) => {
  const text = marked(span.text, find);
  return isPlain(span.style) ? text : <span style={toCss(span.style)}>{text}</span>;
};

/** One line. */
export const LineText = ({
  text,
  from,
  find = '',
}: {
  readonly text: string;
  readonly from?: Style;
  readonly find?: string;
}) =>
  toSpans(text, from).spans.map((span, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a line have no other name
    <Part key={index} span={span} find={find} />
  ));

export const logStyle: CSSProperties = {
  background: logGround,
  color: logText,
  fontFamily: 'var(--pf-t--global--font--family--mono)',
  fontSize: 'var(--pf-t--global--font--size--body--sm)',
  lineHeight: 1.5,
};

/** A short text of many lines, whole. */
export const LogBlock = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const lines = text.replace(/\n$/, '').split('\n');
  let from: Style | undefined;
  return (
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      style={{
        ...logStyle,
        maxHeight: '20rem',
        overflow: 'auto',
        padding: '0.5rem 0.75rem',
        whiteSpace: 'pre-wrap',
        overflowWrap: 'anywhere',
      }}
    >
      {lines.map((line, index) => {
        const begin = from;
        from = toSpans(line, begin).to;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
          <div key={index} style={{ minHeight: '1.5em' }}>
            <LineText text={line} {...(begin === undefined ? {} : { from: begin })} />
          </div>
        );
      })}
    </section>
  );
};
