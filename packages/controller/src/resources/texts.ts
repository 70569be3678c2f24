// Owns the JSON of objects: what was stored, told to many watchers or answered is turned into text once.
// I1: only of frozen objects is it remembered, so it stays true; and only as long as the object lives.
import type { KubeObject } from '@drover/api';

const texts = new WeakMap<KubeObject, string>();

/** To be called by who knows the text of a frozen object already. */
export const rememberText = (object: KubeObject, text: string): void => void texts.set(object, text);

/** JSON of an object that is asked for once. */
export const toText = (object: KubeObject): string => texts.get(object) ?? JSON.stringify(object);

/** JSON of an object that others will ask for too. */
export const toSharedText = (object: KubeObject): string => {
  const text = toText(object);
  if (Object.isFrozen(object)) texts.set(object, text);
  return text;
};
