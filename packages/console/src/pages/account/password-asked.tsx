// The password that a change of how one signs in takes (the controller asks for it where there is one).
import type { OwnAccount } from '@drover/client';
import { useTranslation } from 'react-i18next';
import { TextField } from '../../ui/fields.tsx';

export const PasswordAsked = ({
  account,
  value,
  onChange,
}: {
  readonly account: OwnAccount;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) => {
  const { t } = useTranslation();
  // Who waits for a second factor has just given it.
  if (!account.password || account.waits) return null;
  return (
    <TextField
      label={t('account.yourPassword')}
      type="password"
      autoComplete="current-password"
      value={value}
      onChange={onChange}
      isRequired
    />
  );
};
