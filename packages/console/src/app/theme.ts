// Owns light and dark: as the system has it, unless somebody chose.
export type Theme = 'light' | 'dark' | 'system';

const remembered = 'drover.theme';
const darkSystem = matchMedia('(prefers-color-scheme: dark)');

export const chosenTheme = (): Theme => {
  const chosen = localStorage.getItem(remembered);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
};

const apply = (): void => {
  const theme = chosenTheme();
  const isDark = theme === 'dark' || (theme === 'system' && darkSystem.matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', isDark);
};

export const setTheme = (theme: Theme): void => {
  localStorage.setItem(remembered, theme);
  apply();
};

export const startTheme = (): void => {
  apply();
  darkSystem.addEventListener('change', apply);
};
