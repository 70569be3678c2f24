// Owns doing the same to many objects: a few at a time, and what failed is told together.
const width = 8;

/** Resolves when all are done; throws what went wrong, by how many, with the first cause. */
export const forEachOf = async (
  names: readonly string[],
  act: (name: string) => Promise<unknown>,
): Promise<void> => {
  const left = [...names];
  const failures: string[] = [];
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const one = name;
      await act(one).catch((error: unknown) => {
        failures.push(`${one}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, names.length) }, work));
  const [first] = failures;
  if (first === undefined) return;
  throw new Error(
    failures.length === 1 ? first : `${failures.length} / ${names.length}: ${failures.join('; ')}`,
  );
};
