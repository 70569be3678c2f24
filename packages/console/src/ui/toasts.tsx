// Short confirmations in the corner. Errors do not go here: they are told where they arose, and stay.
import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { useSyncExternalStore } from 'react';

interface Toast {
  readonly id: number;
  readonly title: string;
}

const showMs = 6_000;
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

const set = (next: readonly Toast[]): void => {
  toasts = next;
  for (const listener of listeners) listener();
};

const drop = (id: number): void => set(toasts.filter((toast) => toast.id !== id));

export const confirmDone = (title: string): void => {
  const id = ++lastId;
  set([...toasts, { id, title }]);
  setTimeout(() => drop(id), showMs);
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const Toasts = () => (
  <AlertGroup isToast isLiveRegion>
    {useSyncExternalStore(subscribe, () => toasts).map(({ id, title }) => (
      <Alert
        key={id}
        variant="success"
        title={title}
        actionClose={<AlertActionCloseButton onClose={() => drop(id)} />}
      />
    ))}
  </AlertGroup>
);
