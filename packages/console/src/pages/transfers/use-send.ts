// Owns sending what was composed: bring the content to the controller, ask what would become of it, then create.
import type { FileTransfer } from '@drover/api';
import { fileTransfers } from '@drover/client/kinds';
import { useRef, useState } from 'react';
import { client } from '../../api/client.ts';
import { type Foreseen, foresee } from '../work/foresee.ts';
import { type Refusal, toRefusal } from '../work/refusal.ts';
import { bring, type Progress } from './bring.ts';
import type { Item } from './choose.ts';
import { type Draft, type Field, fieldOf, toPull, toPush } from './draft.ts';

/** The item that is on its way to the controller. */
export interface Going extends Progress {
  readonly name: string;
}

export interface Ready {
  /** What would become of it. */
  readonly foreseen: Foreseen;
  /** Creates all of it; resolves to what was made. */
  readonly create: () => Promise<readonly FileTransfer[]>;
}

export interface Sender {
  readonly isBusy: boolean;
  readonly going: Going | undefined;
  readonly refusal: Refusal<Field> | undefined;
  /** undefined: refused, or cancelled. */
  readonly prepare: (isCheck: boolean) => Promise<Ready | undefined>;
  readonly cancel: () => void;
  readonly forget: () => void;
  /** Shows why it was refused. */
  readonly refuse: (error: unknown) => void;
}

export const useSend = (draft: Draft, items: readonly Item[]): Sender => {
  /** What the controller has already, by item. */
  const brought = useRef(new Map<Item, string>());
  const stop = useRef<AbortController>(undefined);
  const [isBusy, setBusy] = useState(false);
  const [going, setGoing] = useState<Going>();
  const [refusal, setRefusal] = useState<Refusal<Field>>();

  const manifestOf = async (item: Item, signal: AbortSignal): Promise<string> => {
    const found = brought.current.get(item);
    if (found !== undefined) return found;
    const { name } = item;
    const manifest = await bring(item, (progress) => setGoing({ name, ...progress }), signal);
    brought.current.set(item, manifest);
    return manifest;
  };
  const objectsOf = async (
    isCheck: boolean,
    signal: AbortSignal,
  ): Promise<readonly Record<string, unknown>[]> => {
    if (draft.direction === 'pull') return [toPull(draft)];
    const objects: Record<string, unknown>[] = [];
    for (const item of items) {
      const manifest = await manifestOf(item, signal);
      objects.push(toPush(draft, { name: item.name, manifest, check: isCheck }));
    }
    return objects;
  };
  const prepare = async (isCheck: boolean): Promise<Ready | undefined> => {
    const { namespace } = draft;
    const own = new AbortController();
    stop.current = own;
    setBusy(true);
    setRefusal(undefined);
    try {
      const objects = await objectsOf(isCheck, own.signal);
      const [first] = objects;
      if (first === undefined) return undefined;
      const create = async (): Promise<readonly FileTransfer[]> => {
        const made: FileTransfer[] = [];
        for (const object of objects) made.push(await client.create(fileTransfers, object, { namespace }));
        return made;
      };
      return { foreseen: await foresee(fileTransfers, first, namespace), create };
    } catch (error) {
      if (!own.signal.aborted) setRefusal(toRefusal(error, fieldOf));
      return undefined;
    } finally {
      setBusy(false);
      setGoing(undefined);
    }
  };
  return {
    isBusy,
    going,
    refusal,
    prepare,
    cancel: () => stop.current?.abort(new Error('cancelled')),
    forget: () => setRefusal(undefined),
    refuse: (error) => setRefusal(toRefusal(error, fieldOf)),
  };
};
