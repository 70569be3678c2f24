// What the audit trail is narrowed to.
import { Button, Form, Gallery, GalleryItem } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { CheckField, TextField } from '../../ui/fields.tsx';
import { type FilterField, textFields } from './filter.ts';
import type { useAuditFilter } from './query.ts';

const suggestions: Readonly<Partial<Record<FilterField, readonly string[]>>> = {
  verb: ['create', 'update', 'patch', 'delete', 'connect', 'sign-in', 'get', 'post', 'put'],
  resource: [
    'nodes',
    'nodes/shell',
    'commandruns.drover.dev',
    'filetransfers.drover.dev',
    'users.drover.dev',
    'secrets',
    'rolebindings.rbac.authorization.k8s.io',
  ],
};

/** RFC 3339 as the field for times has it: of this browser's zone, to the minute. */
const toLocal = (text: string): string => {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return '';
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
};

const fromLocal = (text: string): string => (text === '' ? '' : new Date(text).toISOString());

export const Filters = ({ value, set, clear }: ReturnType<typeof useAuditFilter>) => {
  const { t } = useTranslation();
  return (
    <Form onSubmit={(event) => event.preventDefault()}>
      <Gallery hasGutter minWidths={{ default: '10rem' }}>
        {textFields.map((name) => (
          <GalleryItem key={name}>
            <TextField
              label={t(`audit.fields.${name}`)}
              value={value(name)}
              onChange={(text) => set(name, text)}
              {...(suggestions[name] === undefined ? {} : { suggestions: suggestions[name] })}
            />
          </GalleryItem>
        ))}
        {(['since', 'until'] as const).map((name) => (
          <GalleryItem key={name}>
            <TextField
              label={t(`audit.fields.${name}`)}
              type="datetime-local"
              value={toLocal(value(name))}
              onChange={(text) => set(name, fromLocal(text))}
            />
          </GalleryItem>
        ))}
        <GalleryItem style={{ alignSelf: 'end' }}>
          <CheckField
            label={t('audit.deniedOnly')}
            value={value('denied') === '1'}
            onChange={(isOn) => set('denied', isOn ? '1' : '')}
          />
        </GalleryItem>
        <GalleryItem style={{ alignSelf: 'end' }}>
          <Button variant="link" isInline onClick={clear}>
            {t('ui.clearFilter')}
          </Button>
        </GalleryItem>
      </Gallery>
    </Form>
  );
};
