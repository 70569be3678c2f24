// Owns doing the changes of a merge to the text that somebody is typing.
// I1: where each change belongs is found before the first is done, so none moves what another means.
// I2: comments stay with what they are about: with fields and items that stay, also in a list that changes as a whole.
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isSeq,
  type ParsedNode,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { keyOf, parseText, setScalar, toText } from './document.ts';
import type { ItemStep } from './field-path.ts';
import { type Change, isSame, type MergePath } from './merge.ts';

const pairOf = (map: YAMLMap, key: string) => map.items.find((pair) => keyOf(pair.key) === key);

const below = (node: unknown, step: string | ItemStep): unknown => {
  if (typeof step === 'string') return isMap(node) ? pairOf(node, step)?.value : undefined;
  return isSeq(node) && step.index !== undefined ? node.items[step.index] : undefined;
};

/** Each alias becomes what it stands for: a change of one place is none of another. */
const withoutAliases = (document: Document): void => {
  visit(document, {
    Alias: (_key, alias) => {
      const copy = alias.resolve(document)?.clone();
      if (isNode(copy)) delete (copy as { anchor?: string }).anchor;
      return copy as ParsedNode | undefined;
    },
  });
};

/** How many lines of nothing but comment stand right above `offset`. */
const commentLinesAbove = (text: string, offset: number): number => {
  const above = text.slice(0, offset).split('\n').slice(0, -1);
  return above.length - 1 - above.findLastIndex((line) => !/^\s*(#.*)?$/.test(line));
};

/** What is said above the first item is about it, not about the list, as far as it does not stand beside the list's key. */
const giveToFirst = (text: string, seq: YAMLSeq): void => {
  const [first] = seq.items;
  const lines = seq.commentBefore?.split('\n') ?? [];
  const count = Math.min(lines.length, commentLinesAbove(text, seq.range?.[0] ?? 0));
  if (count === 0 || !isNode(first) || seq.flow === true) return;
  const own = lines.splice(lines.length - count).join('\n');
  seq.commentBefore = lines.length === 0 ? null : lines.join('\n');
  first.commentBefore = own;
};

const createEditor = (document: Document) => {
  const added = new Map<YAMLSeq, Map<string, unknown>>();
  const toNode = (old: unknown, value: unknown): unknown => {
    if (setScalar(old, value)) return old;
    const node = document.createNode(value);
    if (!isCollection(old) || !isCollection(node)) return node;
    node.comment = old.comment ?? null;
    node.commentBefore = old.commentBefore ?? null;
    if (isSeq(old) && isSeq(node) && Array.isArray(value)) {
      const unused = [...old.items];
      node.items = node.items.map((item, i) => {
        const at = unused.findIndex((one) => isSame(isNode(one) ? one.toJS(document) : one, value[i]));
        return at < 0 ? item : unused.splice(at, 1)[0];
      });
    }
    return node;
  };
  return {
    field: (map: YAMLMap, key: string, value: unknown): void => {
      const pair = pairOf(map, key);
      if (value === undefined) map.items = map.items.filter((one) => one !== pair);
      else if (pair === undefined) map.items.push(document.createPair(key, value));
      else pair.value = toNode(pair.value, value);
    },
    item: (seq: YAMLSeq, { name }: ItemStep, old: unknown, value: unknown): void => {
      if (value === undefined) seq.items = seq.items.filter((one) => one !== old);
      else if (old !== undefined)
        seq.items = seq.items.map((one) => (one === old ? toNode(old, value) : one));
      else {
        const node = document.createNode(value);
        seq.items.push(node);
        added.set(seq, (added.get(seq) ?? new Map<string, unknown>()).set(name, node));
      }
    },
    /** `old`: the items as they stood first. What `order` does not name comes last. */
    order: (seq: YAMLSeq, order: readonly ItemStep[], old: readonly unknown[]): void => {
      const rankOf = new Map(
        order.map(({ name, index }, rank) => [
          index === undefined ? added.get(seq)?.get(name) : old[index],
          rank,
        ]),
      );
      const rank = (item: unknown): number => rankOf.get(item) ?? order.length;
      seq.items = seq.items.toSorted((a, b) => rank(a) - rank(b));
    },
  };
};

/** What `change` does, once all places are known (I1). */
const planned = (
  document: Document,
  editor: ReturnType<typeof createEditor>,
  change: Change,
): (() => void) => {
  const at = (path: MergePath): unknown => path.reduce(below, document.contents as unknown);
  const step = change.path.at(-1);
  const here = at(change.path);
  if ('order' in change) {
    if (!isSeq(here)) return () => undefined;
    const old = [...here.items];
    return () => editor.order(here, change.order, old);
  }
  const { value } = change;
  if (step === undefined)
    return () => {
      document.contents = document.createNode(value) as unknown as typeof document.contents;
    };
  const above = at(change.path.slice(0, -1));
  if (typeof step === 'string') return () => (isMap(above) ? editor.field(above, step, value) : undefined);
  return () => (isSeq(above) ? editor.item(above, step, here, value) : undefined);
};

/** `text` with what a merge says of it done to it; what cannot be read stays as it is. */
export const withChanges = (text: string, changes: readonly Change[]): string => {
  const document = parseText(text);
  if (document.errors.length > 0 || changes.length === 0) return text;
  withoutAliases(document);
  visit(document, { Seq: (_key, seq) => giveToFirst(text, seq) });
  const editor = createEditor(document);
  for (const run of changes.map((change) => planned(document, editor, change))) run();
  return toText(document);
};
