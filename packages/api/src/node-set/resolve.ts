// Owns what a node-set expression stands for among the nodes that exist.
// I1: operators work left to right on the set so far. I2: the result has no duplicates and is in natural order.
// I3: work is bounded by the sizes of the operands, which together are at most 1,000,000 written names and
//     20,000,000 known ones.

import { matchesGlob } from './glob.ts';
import { compareNames } from './order.ts';
import {
  maxNames,
  type NodeSetExpression,
  type NodeSetOperand,
  type NodeSetOperator,
  type NodeSetPart,
  partsSize,
} from './parse.ts';
import { rangeItems } from './range.ts';
import { refuseNodeSet } from './refuse.ts';

const maxKnown = 20_000_000;

export interface NodeSetWorld {
  /** Every node that exists. */
  readonly all: readonly string[];
  /** Nodes of a group; may throw (NotFound) for a group that does not exist. */
  readonly group: (name: string) => readonly string[];
}

export interface ResolvedNodeSet {
  /** Names that are in `all`. */
  readonly known: readonly string[];
  /** Names that were written but do not exist. */
  readonly unknown: readonly string[];
}

const expandParts = (parts: readonly NodeSetPart[]): readonly string[] =>
  parts.reduce<readonly string[]>(
    (prefixes, part) => {
      if (typeof part === 'string') return prefixes.map((prefix) => prefix + part);
      const items = part.flatMap(rangeItems);
      return prefixes.flatMap((prefix) => items.map((item) => prefix + item));
    },
    [''],
  );

const createBudget = () => {
  let written = 0;
  let known = 0;
  return {
    write: (count: number) => {
      written += count;
      if (written > maxNames) refuseNodeSet(`more than ${maxNames} names in all`);
    },
    visit: (count: number) => {
      known += count;
      if (known > maxKnown) refuseNodeSet('too much to compute: use fewer "*", globs and groups');
    },
  };
};
type Budget = ReturnType<typeof createBudget>;

const operandNames = (operand: NodeSetOperand, world: NodeSetWorld, budget: Budget): readonly string[] => {
  if (operand.kind === 'all') {
    budget.visit(world.all.length);
    return world.all;
  }
  budget.write(partsSize(operand.parts));
  const words = expandParts(operand.parts);
  if (operand.kind === 'names') return words;
  if (operand.kind === 'group') {
    return words.flatMap((name) => {
      const members = world.group(name);
      budget.visit(members.length);
      return members;
    });
  }
  budget.visit(words.length * world.all.length);
  return world.all.filter((name) => words.some((pattern) => matchesGlob(pattern, name)));
};

const combine = (set: Set<string>, operator: NodeSetOperator, names: readonly string[]): Set<string> => {
  switch (operator) {
    case ',':
      for (const name of names) set.add(name);
      return set;
    case '!':
      for (const name of names) set.delete(name);
      return set;
    case '&':
      return new Set(names.filter((name) => set.has(name)));
    case '^':
      for (const name of new Set(names)) if (!set.delete(name)) set.add(name);
      return set;
    default: {
      const never: never = operator;
      return never;
    }
  }
};

/** The nodes an expression stands for. Throws ApiError BadRequest when it is too big, and whatever `group` throws. */
export const resolveNodeSet = (expression: NodeSetExpression, world: NodeSetWorld): ResolvedNodeSet => {
  const budget = createBudget();
  const set = expression.steps.reduce(
    (soFar, { operator, operand }) => combine(soFar, operator, operandNames(operand, world, budget)),
    new Set<string>(),
  );
  const exists = new Set(world.all);
  const names = [...set].sort(compareNames);
  return {
    known: names.filter((name) => exists.has(name)),
    unknown: names.filter((name) => !exists.has(name)),
  };
};
