// Who is signed in, their language and appearance, and the way out.
import {
  Divider,
  Dropdown,
  DropdownGroup,
  DropdownItem,
  DropdownList,
  MenuToggle,
} from '@patternfly/react-core';
import { CheckIcon, UserIcon } from '@patternfly/react-icons';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { type Session, signOut } from '../api/session.ts';
import { type Language, setLanguage } from '../i18n/index.ts';
import { paths } from '../paths.ts';
import { chosenTheme, setTheme, type Theme } from './theme.ts';

const languages = [
  ['en', 'english'],
  ['zh', 'chinese'],
] as const satisfies readonly (readonly [Language, string])[];
const themes = ['light', 'dark', 'system'] as const satisfies readonly Theme[];

export const UserMenu = ({ session }: { readonly session: Session }) => {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const mark = (isChosen: boolean) => (isChosen ? <CheckIcon /> : undefined);
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'end' }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          icon={<UserIcon />}
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          aria-label={`${session.username}: ${t('shell.user')}`}
        >
          <span className="drover-wide-only">{session.username}</span>
        </MenuToggle>
      )}
    >
      <DropdownGroup label={t('shell.language')}>
        <DropdownList>
          {languages.map(([language, name]) => (
            <DropdownItem
              key={language}
              onClick={() => void setLanguage(language)}
              icon={mark(i18n.language === language)}
            >
              {t(`shell.${name}`)}
            </DropdownItem>
          ))}
        </DropdownList>
      </DropdownGroup>
      <DropdownGroup label={t('shell.theme')}>
        <DropdownList>
          {themes.map((theme) => (
            <DropdownItem key={theme} onClick={() => setTheme(theme)} icon={mark(chosenTheme() === theme)}>
              {t(`shell.${theme}`)}
            </DropdownItem>
          ))}
        </DropdownList>
      </DropdownGroup>
      <Divider />
      <DropdownList>
        <DropdownItem onClick={() => void navigate(paths.account())}>{t('shell.account')}</DropdownItem>
        <DropdownItem onClick={() => void signOut()}>{t('shell.signOut')}</DropdownItem>
      </DropdownList>
    </Dropdown>
  );
};
