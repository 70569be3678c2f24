// Owns which rows of the audit trail a filter selects. Pure.
import type { AuditFilter, AuditRecord } from '@drover/api/audit';
import { parseNodeSet, resolveNodeSet } from '@drover/api/node-set';

const hasNode = (set: string, node: string): boolean => {
  try {
    const world = { all: [node], group: () => [] };
    return resolveNodeSet(parseNodeSet(set), world).known.includes(node);
  } catch {
    return false;
  }
};

const isOn = ({ resource, name, nodes }: AuditRecord, node: string): boolean =>
  ((resource === 'nodes' || resource === 'agents') && name === node) ||
  (nodes?.set !== undefined && hasNode(nodes.set, node));

/** 'nodes' also selects its subresources; 'nodes/shell' only that one; the group may be left out. */
const isOf = (record: AuditRecord, wanted: string): boolean => {
  const [key = '', subresource] = wanted.split('/');
  const full = record.group === undefined ? record.resource : `${record.resource}.${record.group}`;
  if (key !== full && key !== record.resource) return false;
  return subresource === undefined || subresource === record.subresource;
};

export const matchesAudit = (record: AuditRecord, filter: AuditFilter): boolean =>
  (filter.user === undefined || record.user === filter.user || record.impersonator === filter.user) &&
  (filter.verb === undefined || record.verb === filter.verb) &&
  (filter.name === undefined || record.name === filter.name) &&
  (filter.namespace === undefined || record.namespace === filter.namespace) &&
  (filter.denied !== true || record.decision === 'deny') &&
  (filter.since === undefined || record.time >= filter.since) &&
  (filter.until === undefined || record.time < filter.until) &&
  (filter.resource === undefined || isOf(record, filter.resource)) &&
  (filter.node === undefined || isOn(record, filter.node));
