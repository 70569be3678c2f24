export { createContentHandler } from './content.ts';
export type * from './deps.ts';
export { createGateway } from './gateway.ts';
