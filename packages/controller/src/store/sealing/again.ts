// Owns what becomes of a value that was sealed under a data key which another controller has meanwhile barred (sql/sealed.ts I2).
import { ApiError } from '@drover/api';

/** `write` seals and writes. It does so once more when the key was barred between the two: the refusal brought the newer one. */
export const sealAgain = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'Expired') return write();
    throw error;
  }
};
