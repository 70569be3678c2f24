// Owns the text of an object as a YAML document: where its fields stand, and changing one of them.
// I1: a change of one field leaves comments, order and spelling of all the others as they are.
import { Document, isCollection, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml';
import type { Path } from '../schema/schema.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** As the API has it: one document, and an alias may not make much of little. */
export const parseText = (text: string): Document.Parsed => parseDocument(text, { keepSourceTokens: false });

/** Without folding: long texts stay as they were typed. */
export const toText = (document: Document): string =>
  document.toString({ lineWidth: 0, flowCollectionPadding: true });

/** The value that the text stands for; undefined while it cannot be read. */
export const contentOf = (document: Document): unknown =>
  document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 });

/** `text` with the value at `path` set; undefined takes the field away, and what is empty then around it stays. */
export const withValue = (text: string, path: Path, value: unknown): string => {
  const document = parseText(text);
  if (document.errors.length > 0) return text;
  if (value === undefined) {
    if (document.hasIn(path)) document.deleteIn(path);
    return toText(document);
  }
  setScalarOrNode(document, path, value);
  return toText(document);
};

/** A scalar that becomes another keeps its comment. False when it is none, or becomes none. */
export const setScalar = (old: unknown, value: unknown): boolean => {
  if (!isScalar(old) || (typeof value === 'object' && value !== null)) return false;
  if (old.value === value) return true;
  old.value = value;
  delete old.source;
  // Another type or text may need other quotes; the writer chooses.
  if (typeof value !== 'string') delete old.type;
  return true;
};

/** A scalar keeps its comment; whatever else stood there is replaced. */
const setScalarOrNode = (document: Document, path: Path, value: unknown): void => {
  if (setScalar(document.getIn(path, true), value)) return;
  if (path.length === 0) {
    document.contents = document.createNode(value) as unknown as Document.Parsed['contents'];
    return;
  }
  makeWay(document, path);
  document.setIn(path, document.createNode(value));
};

/** `text` with the key `from` of the map at `path` called `to`: its value stays, with all that is said of it. */
export const withKey = (text: string, path: Path, from: string, to: string): string => {
  const document = parseText(text);
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(map) ? map.items.find(({ key }) => keyOf(key) === from) : undefined;
  if (pair === undefined || !isScalar(pair.key)) return text;
  pair.key.value = to;
  delete pair.key.source;
  return toText(document);
};

/** `text` with what `part` is as YAML at `path`, with its own comments; what cannot be read changes nothing. */
export const withYaml = (text: string, path: Path, part: string): string => {
  const [document, inner] = [parseText(text), parseText(part)];
  if (document.errors.length > 0 || inner.errors.length > 0) return text;
  makeWay(document, path);
  document.setIn(path, inner.contents);
  return toText(document);
};

/** What stands at `path`, as a text of its own; '' when nothing does. */
export const yamlAt = (text: string, path: Path): string => {
  const document = parseText(text);
  const node = document.getIn(path, true);
  if (node === undefined) return '';
  const part = new Document(node);
  return part.toString({ lineWidth: 0, flowCollectionPadding: true });
};

/** What is on the way and holds nothing (null, a text) becomes a map or list. */
const makeWay = (document: Document, path: Path): void => {
  for (let depth = 0; depth < path.length; depth += 1) {
    const above = path.slice(0, depth);
    const node = depth === 0 ? document.contents : document.getIn(above, true);
    if (isCollection(node)) continue;
    const empty = document.createNode(typeof path[depth] === 'number' ? [] : {});
    if (depth === 0) document.contents = empty as unknown as Document.Parsed['contents'];
    else document.setIn(above, empty);
  }
};

/** A key of a map as it is in JSON. */
export const keyOf = (key: unknown): string => String(isScalar(key) ? key.value : key);

const spanOf = (node: unknown): Span | undefined => {
  const range = (node as YamlNode | null | undefined)?.range;
  return range === undefined || range === null ? undefined : { from: range[0], to: range[1] };
};

/** Where the field at `path` stands: its key if it has one, else what is nearest above it. */
export const spanAt = (document: Document, path: Path): Span => {
  let node: unknown = document.contents;
  let span: Span = { from: 0, to: 0 };
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((one) => keyOf(one.key) === String(key));
      if (pair === undefined) return span;
      span = spanOf(pair.key) ?? span;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)];
      if (item === undefined) return span;
      span = firstLine(spanOf(item) ?? span, item);
      node = item;
    } else return span;
  }
  return isScalar(node) ? (spanOf(node) ?? span) : span;
};

/** Of a collection the first key or item: a mark over all of it says nothing. */
const firstLine = (span: Span, node: unknown): Span => {
  if (isMap(node)) return spanOf(node.items[0]?.key) ?? span;
  if (isSeq(node)) return spanOf(node.items[0]) ?? span;
  return span;
};

/** Of the innermost field whose text reaches over `offset`. */
export const pathAt = (document: Document, offset: number): Path => {
  const path: (string | number)[] = [];
  let node: unknown = document.contents;
  for (;;) {
    if (isMap(node)) {
      const pair = node.items.findLast(
        (one) => (spanOf(one.key)?.from ?? Number.POSITIVE_INFINITY) <= offset,
      );
      if (pair === undefined) return path;
      path.push(keyOf(pair.key));
      const { to } = spanOf(pair.key) ?? { to: 0 };
      if (offset <= to) return path;
      node = pair.value;
    } else if (isSeq(node)) {
      const index = node.items.findLastIndex(
        (item) => (spanOf(item)?.from ?? Number.POSITIVE_INFINITY) <= offset,
      );
      if (index < 0) return path;
      path.push(index);
      node = node.items[index];
    } else return path;
  }
};
