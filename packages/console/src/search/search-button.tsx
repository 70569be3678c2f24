// Opens the command palette, by hand or by Ctrl+K (Cmd+K).
import { Button } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

export const SearchButton = () => {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  // Keys are pressed anywhere: the window is no part of React's tree.
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <Button
        variant="plain"
        icon={<SearchIcon />}
        aria-label={t('search.open')}
        title={t('shell.search')}
        onClick={() => setOpen(true)}
      />
      {isOpen ? (
        <Suspense>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
};
