// Owns what Ctrl-C means while work goes on: first cancel and wait for the proof, second leave.
export interface Interrupts {
  readonly close: () => void;
}

export const onInterrupts = (first: () => void, second: () => void): Interrupts => {
  let count = 0;
  const handler = () => {
    count += 1;
    if (count === 1) first();
    else second();
  };
  process.on('SIGINT', handler);
  return { close: () => void process.off('SIGINT', handler) };
};
