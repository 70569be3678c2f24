// Owns the rule that a node-set in an object can be read; whom it stands for is found out later.
import { parseNodeSet } from '../node-set/index.ts';

type Problem = { readonly field: string; readonly message: string };

/** What is wrong with the node-set at `field`; empty when it is absent or can be read. */
export const nodeSetCauses = (field: string, text: string | undefined): readonly Problem[] => {
  if (text === undefined) return [];
  try {
    parseNodeSet(text);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ field, message: why.replace('cannot read the node-set: ', '') }];
  }
};
