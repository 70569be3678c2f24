// Owns what becomes of U+0000 in texts of agents: no store keeps it (server/nul.ts), and a report that is refused would be sent again for ever.
// I1: bytes (output, the data of terminals) stay as they are.

const nul = '\0';
const replacement = '\ufffd';

const cleaned = (value: unknown): unknown => {
  if (typeof value === 'string') return value.includes(nul) ? value.replaceAll(nul, replacement) : value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const items = value.map(cleaned);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const changed = Object.entries(value).flatMap(([name, member]) => {
    const clean = cleaned(member);
    return clean === member ? [] : [[name, clean] as const];
  });
  return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) };
};

/** The same arguments, each U+0000 in a text replaced by U+FFFD. */
export const withoutNul = <A>(args: A): A => cleaned(args) as A; // strings stay strings, and all else is what it was
