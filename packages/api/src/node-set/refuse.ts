import { ApiError } from '../errors.ts';

/** Throws ApiError BadRequest: "cannot read the node-set: <why>". */
export const refuseNodeSet = (why: string): never => {
  throw new ApiError('BadRequest', `cannot read the node-set: ${why}`);
};
