// Owns which rows are chosen: also in the address, as long as it stays one that a server takes.
import { useState } from 'react';
import type { Choice } from '../../../ui/data-table.tsx';
import { useParameter } from '../../../ui/filter.tsx';

const maxInAddress = 50;

export const useChosen = (): Choice => {
  const [text, setText] = useParameter('chosen');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(text === '' ? [] : text.split(',')),
  );
  return {
    chosen,
    onChange: (next) => {
      setChosen(next);
      setText(next.size > maxInAddress ? '' : [...next].join(','));
    },
  };
};
