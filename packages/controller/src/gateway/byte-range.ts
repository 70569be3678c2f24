// Owns HTTP byte ranges (RFC 9110 section 14): one range per request; several are answered with the whole.

export interface ByteRange {
  readonly start: number;
  /** Inclusive; start - 1 for nothing. */
  readonly end: number;
}

/** 'whole': no usable Range header. 'unsatisfiable': beyond the end. */
export const parseRange = (
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [from, to] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (!match || (from === '' && to === '')) return 'whole';
  const start = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (from !== '' && to !== '' && Number(to) < start) return 'whole';
  return start >= sizeBytes || start > end ? 'unsatisfiable' : { start, end };
};
