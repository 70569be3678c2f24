export const kinds = {};
