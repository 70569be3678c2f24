// Owns how it is told as Events that the controller's disk cannot be written, and that it can be again. They are the
// controller's own. That of a disk nothing can be written on is told afterwards.
import { type EventDeps, recordEvent, theController } from './events.ts';

type Fault = 'full' | 'read-only' | 'failing';

interface Condition {
  readonly state: 'ok' | Fault;
  readonly why?: string;
  readonly lastFault?: { readonly state: Fault; readonly why: string; readonly seconds: number };
}

interface Deps extends EventDeps {
  readonly disk: {
    readonly condition: Condition;
    onChange(listener: (condition: Condition) => void): () => void;
    outOfReserve<T>(work: () => Promise<T>): Promise<T>;
  };
}

const words: Readonly<Record<Fault, string>> = {
  full: 'the disk of the data directory is full',
  'read-only': 'the disk of the data directory is read-only',
  failing: 'the disk of the data directory cannot be written',
};

const tell = async (deps: Deps, { state, why, lastFault }: Condition): Promise<void> => {
  const told = { object: theController, component: 'disk-watch' };
  if (state !== 'ok') {
    const rest = state === 'full' ? 'only deletions are taken' : 'only reads are answered';
    const message = `${words[state]} (${why ?? ''}): ${rest} until it can be written again`;
    return recordEvent(deps, { ...told, type: 'Warning', reason: 'StorageNotWritable', message });
  }
  if (lastFault === undefined) return;
  const message = `it can be written again; for ${lastFault.seconds} s ${words[lastFault.state].replace(' is ', ' was ').replace('cannot', 'could not')} (${lastFault.why})`;
  return recordEvent(deps, { ...told, type: 'Normal', reason: 'StorageWritable', message });
};

/** From now on, and the state that it is in. */
export const tellOfDisk = (deps: Deps): void => {
  const { disk } = deps;
  const now = (condition: Condition): void => void disk.outOfReserve(() => tell(deps, condition));
  disk.onChange(now);
  if (disk.condition.state !== 'ok') now(disk.condition);
};
