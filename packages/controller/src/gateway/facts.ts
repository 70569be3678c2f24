// Owns reading the facts an agent sends: JSON from outside, bounded, an object.

const factsBytes = 1024 * 1024;

/** undefined when it is not a JSON object of at most 1 MiB. */
export const parseFacts = (json: string): Readonly<Record<string, unknown>> | undefined => {
  if (json.length > factsBytes) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
};
