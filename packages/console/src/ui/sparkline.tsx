// A small line of how something went: no axes, the words beside it say the numbers.
const width = 300;
const height = 60;

/** `values` oldest first; `max` undefined: the highest of them. */
export const Sparkline = ({
  label,
  values,
  max,
}: {
  readonly label: string;
  readonly values: readonly number[];
  readonly max?: number;
}) => {
  const top = Math.max(max ?? Math.max(...values, 0), Number.EPSILON);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    const y = height - 2 - (Math.min(value, top) / top) * (height - 4);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  const colour = 'var(--pf-t--global--color--brand--default)';
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      style={{ width: '100%', height: '4rem', display: 'block' }}
    >
      <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} fill={colour} opacity={0.15} />
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke={colour}
        strokeWidth={2}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
};
