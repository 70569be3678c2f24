// A unified diff, as everybody knows it: what goes and what comes by colour and by sign.
const tones: Readonly<Record<string, string>> = {
  '+': 'var(--pf-t--global--color--status--success--default)',
  '-': 'var(--pf-t--global--color--status--danger--default)',
  '@': 'var(--pf-t--global--color--status--info--default)',
};

const Line = ({ text }: { readonly text: string }) => {
  const tone = tones[text.slice(0, 1)];
  return (
    <div
      style={{
        minHeight: '1.5em',
        paddingInline: '0.5rem',
        ...(tone === undefined
          ? {}
          : {
              borderInlineStart: `3px solid ${tone}`,
              background: `color-mix(in srgb, ${tone} 14%, transparent)`,
            }),
      }}
    >
      {text}
    </div>
  );
};

export const Diff = ({
  label,
  text,
  maxHeight = '50vh',
}: {
  readonly label: string;
  readonly text: string;
  readonly maxHeight?: string;
}) => (
  // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
  // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
  <section aria-label={label} tabIndex={0} style={{ maxHeight, overflow: 'auto' }}>
    <pre className="drover-code" style={{ margin: 0 }}>
      {text.split('\n').map((line, i) => (
        // Lines of a text have no other name than their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Line key={i} text={line} />
      ))}
    </pre>
  </section>
);
