// A value as a tree that opens, with what the schema says about each field.
import { Content } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Path, Schemas } from '../schema/schema.ts';

interface TreeProps {
  readonly value: unknown;
  readonly schemas: Schemas | undefined;
  readonly path: Path;
  /** Values are not shown: secrets. */
  readonly isHidden?: boolean;
}

const openDepth = 3;
const maxOpenChildren = 30;
const listStyle = { listStyle: 'none', margin: 0, padding: 0 } as const;
const rowStyle = {
  display: 'grid',
  gridTemplateColumns: 'minmax(8rem, 16rem) minmax(0, 1fr)',
  columnGap: '1rem',
  paddingBlock: '0.25rem',
} as const;

const entriesOf = (value: object): readonly (readonly [string | number, unknown])[] =>
  Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);

/** Items of lists are best told by the name that they have. */
const titleOf = (key: string | number, value: unknown): string => {
  if (typeof key === 'string') return key;
  const { name, type } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const said = [name, type].find((one) => typeof one === 'string');
  return said === undefined ? `${key + 1}` : `${key + 1}: ${String(said)}`;
};

const Leaf = ({ value, isHidden }: { readonly value: unknown; readonly isHidden: boolean }): ReactNode => {
  const { t } = useTranslation();
  if (isHidden) return <em>{t('kinds.object.hidden')}</em>;
  if (value === null || value === undefined || value === '') return <em>{t('kinds.object.emptyValue')}</em>;
  if (typeof value === 'object') return <em>{t('kinds.object.emptyValue')}</em>;
  return (
    <span
      className={typeof value === 'string' && value.includes('\n') ? 'drover-code' : undefined}
      style={{ overflowWrap: 'anywhere' }}
    >
      {String(value)}
    </span>
  );
};

const Said = ({ schemas, path }: { readonly schemas: Schemas | undefined; readonly path: Path }) => {
  const said = schemas?.at(path)?.description;
  return said === undefined ? null : <Content component="small">{said}</Content>;
};

const Entry = ({ name, value, ...rest }: TreeProps & { readonly name: string | number }) => {
  const { t } = useTranslation();
  const { schemas, path, isHidden = false } = rest;
  const title = titleOf(name, value);
  if (typeof value !== 'object' || value === null || entriesOf(value).length === 0)
    return (
      <li style={rowStyle}>
        <strong style={{ overflowWrap: 'anywhere' }}>{title}</strong>
        <div>
          <Leaf value={value} isHidden={isHidden} />
          <Said schemas={schemas} path={path} />
        </div>
      </li>
    );
  const count = entriesOf(value).length;
  return (
    <li>
      <details open={path.length <= openDepth && count <= maxOpenChildren}>
        <summary style={{ cursor: 'pointer', paddingBlock: '0.25rem' }}>
          <strong>{title}</strong>{' '}
          {Array.isArray(value) ? <small>{t('kinds.object.items', { count })}</small> : null}
          <Said schemas={schemas} path={path} />
        </summary>
        <div style={{ paddingInlineStart: '1.5rem' }}>
          <ValueTree {...rest} value={value} />
        </div>
      </details>
    </li>
  );
};

export const ValueTree = ({ value, schemas, path, isHidden = false }: TreeProps) => {
  if (typeof value !== 'object' || value === null || entriesOf(value).length === 0)
    return <Leaf value={value} isHidden={isHidden} />;
  return (
    <ul style={listStyle}>
      {entriesOf(value).map(([name, child]) => (
        <Entry
          key={name}
          name={name}
          value={child}
          schemas={schemas}
          path={[...path, name]}
          isHidden={isHidden}
        />
      ))}
    </ul>
  );
};
