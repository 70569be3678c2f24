// What stands against the text: one line each, with the field that it is about.
import { Alert, List, ListItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../yaml/draft.ts';
import { toFieldPath } from '../yaml/field-path.ts';

export const Problems = ({ problems }: { readonly problems: readonly Problem[] }) => {
  const { t } = useTranslation();
  if (problems.length === 0) return null;
  return (
    <Alert
      isInline
      isLiveRegion
      variant="danger"
      title={t('kinds.edit.problems', { count: problems.length })}
    >
      <List>
        {problems.map(({ path, message }) => (
          <ListItem key={`${toFieldPath(path)}: ${message}`}>
            <strong>{path.length === 0 ? t('kinds.edit.wholeObject') : toFieldPath(path)}</strong>: {message}
          </ListItem>
        ))}
      </List>
    </Alert>
  );
};
