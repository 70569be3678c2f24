// Where we are on the node: each directory on the way is a link, and any path can be typed.
import {
  Breadcrumb,
  BreadcrumbItem,
  Button,
  InputGroup,
  InputGroupItem,
  TextInput,
} from '@patternfly/react-core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { paths } from '../../paths.ts';
import { nameOf, shown, toPath, wayTo } from './remote-path.ts';

export const Way = ({ node, path }: { readonly node: string; readonly path: string }) => {
  const { t } = useTranslation();
  const way = wayTo(path);
  return (
    <Breadcrumb aria-label={t('transfers.onNode.way')}>
      {way.map((place) => {
        const name = place === '/' ? t('transfers.onNode.root') : shown(nameOf(place));
        const isHere = place === path;
        return (
          <BreadcrumbItem key={place} isActive={isHere}>
            {isHere ? name : <Link to={paths.nodeFiles(node, place)}>{name}</Link>}
          </BreadcrumbItem>
        );
      })}
    </Breadcrumb>
  );
};

/** Give it the path as key: what is typed belongs to where we are. */
export const PathField = ({
  path,
  onGo,
}: {
  readonly path: string;
  readonly onGo: (path: string) => void;
}) => {
  const { t } = useTranslation();
  const [text, setText] = useState(shown(path));
  const go = (event: FormEvent): void => {
    event.preventDefault();
    onGo(text === shown(path) ? path : toPath(text));
  };
  return (
    <form onSubmit={go}>
      <InputGroup>
        <InputGroupItem isFill>
          <TextInput
            aria-label={t('transfers.onNode.path')}
            value={text}
            onChange={(_event, value) => setText(value)}
            spellCheck={false}
            style={{ fontFamily: 'var(--pf-t--global--font--family--mono)' }}
          />
        </InputGroupItem>
        <InputGroupItem>
          <Button type="submit" variant="control">
            {t('transfers.onNode.go')}
          </Button>
        </InputGroupItem>
      </InputGroup>
    </form>
  );
};
