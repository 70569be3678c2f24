// Owns the Python form of the wire tables: literals between the marker lines of agent/drover_agent.py.
// Same format as in agent.gen.ts, with tuples for arrays, None for null, True/False, and '' for empty binary.
import type { Field, Idl, Type } from './idl.ts';

const toTable = (type: Type): string => {
  switch (type.kind) {
    case 'scalar':
      return `'${type.name}'`;
    case 'list':
      return `('list', ${toTable(type.element)})`;
    case 'map':
      return `('map', ${toTable(type.value)})`;
    case 'struct':
      return `('struct', '${type.name}')`;
  }
};

const zero = (type: Type): string => {
  if (type.kind === 'list') return '()';
  if (type.kind === 'map') return '{}';
  if (type.kind === 'struct') return "'required'";
  if (type.name === 'bool') return 'False';
  if (type.name === 'string') return "''";
  return type.name === 'binary' ? "b''" : '0';
};

const toField = (field: Field): string =>
  `(${field.id}, '${field.name}', ${toTable(field.type)}, ${field.optional ? 'None' : zero(field.type)})`;

const toFields = (fields: readonly Field[], indent: string): string =>
  fields.length === 0 ? '()' : `(\n${fields.map((f) => `${indent}    ${toField(f)},\n`).join('')}${indent})`;

const bool = (value: boolean): string => (value ? 'True' : 'False');

/** STRUCTS: name -> (is exception, fields). SERVICES: name -> method -> (args, result, exceptions, oneway). */
export const toPython = (idl: Idl): string => {
  const structs = idl.structs
    .map((s) => `    '${s.name}': (${bool(s.exception)}, ${toFields(s.fields, '    ')}),\n`)
    .join('');
  const services = idl.services
    .map((s) => {
      const methods = s.methods.map(
        (m) =>
          `        '${m.name}': (${toFields(m.args, '        ')}, ${m.result === null ? 'None' : toTable(m.result)}, ${toFields(m.exceptions, '        ')}, ${bool(m.oneway)}),\n`,
      );
      return `    '${s.name}': {\n${methods.join('')}    },\n`;
    })
    .join('');
  return `STRUCTS = {\n${structs}}\nSERVICES = {\n${services}}\n`;
};
