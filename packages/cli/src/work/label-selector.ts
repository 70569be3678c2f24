// Owns turning the text of -l into a meta/v1 LabelSelector, as kubectl reads it.
import type { LabelSelector } from '@drover/api';
import { toLabelSelector as readSelector } from '@drover/api/label-selector';
import { usageFailure } from '../failure.ts';

export const toLabelSelector = (text: string): LabelSelector => {
  try {
    if (text.trim() !== '') return readSelector(text);
    throw new Error('it is empty');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(
      `cannot use label selector ${text}: ${why}`,
      "write terms such as 'rack=a', 'rack!=a', 'rack in (a,b)', 'gpu' or '!gpu', with commas between",
    );
  }
};
