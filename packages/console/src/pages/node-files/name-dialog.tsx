// Asks for the name of a new directory, or a new name.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TextField } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { shown, toPath } from './remote-path.ts';

export interface NameWish {
  readonly title: string;
  readonly action: string;
  /** As a manifest has it. */
  readonly initial: string;
  readonly run: (name: string) => Promise<unknown>;
}

export const NameDialog = ({
  wish,
  taken,
  onClose,
}: {
  readonly wish: NameWish;
  /** Names that are there already. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
}) => {
  const { t } = useTranslation();
  const [text, setText] = useState(shown(wish.initial));
  const name = toPath(text);
  const isBad = text.includes('/') || text === '.' || text === '..' || text.includes('\0');
  const isTaken = name !== wish.initial && taken.includes(name);
  const problem = isBad
    ? t('transfers.onNode.badName')
    : isTaken
      ? t('transfers.onNode.nameTaken', { name: text })
      : '';
  const submit = async (): Promise<void> => {
    await wish.run(name);
    onClose();
  };
  return (
    <FormDialog
      title={wish.title}
      action={wish.action}
      isReady={text !== '' && problem === '' && text !== shown(wish.initial)}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        id="file-name"
        label={t('ui.name')}
        value={text}
        onChange={setText}
        problem={problem}
        isRequired
      />
    </FormDialog>
  );
};
