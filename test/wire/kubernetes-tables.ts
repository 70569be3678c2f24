// Owns walking over the tables of protobuf messages, for what checks them, and how names differ from upstream's.
import type { Field, Message } from '../../packages/api/src/protobuf/table.ts';

/** JSON names that generated.proto spells otherwise. */
export const jsonNames: Readonly<Record<string, string>> = { aPIVersion: 'apiVersion', uID: 'uid' };

/** The messages and all that their fields lead to, each once by name. */
export const reachable = (roots: readonly Message[]): readonly Message[] => {
  const seen = new Map<string, Message>();
  const visit = (message: Message): void => {
    if (seen.has(message.name)) return;
    seen.set(message.name, message);
    for (const { type } of message.fields.values()) if (typeof type !== 'string') visit(type);
  };
  for (const root of roots) visit(root);
  return [...seen.values()];
};

/** As generated.proto says it: "string", "list k8s.io...", "map bytes". */
export const typeText = ({ type, shape }: Field): string => {
  const name = typeof type === 'string' ? (type === 'raw' ? 'bytes' : type) : type.name;
  return shape === 'one' ? name : `${shape} ${name}`;
};
