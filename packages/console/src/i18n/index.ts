// Owns the languages: English and Simplified Chinese, complete both (zh has the type of en). Pages add a part each.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en/index.ts';
import { zh } from './zh/index.ts';

export type Language = 'en' | 'zh';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
    returnNull: false;
  }
}

const remembered = 'drover.language';

const preferred = (): Language => {
  const chosen = localStorage.getItem(remembered);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
};

const apply = (language: Language): void => {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
};

export const startLanguages = async (): Promise<void> => {
  const language = preferred();
  apply(language);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  });
};

export const setLanguage = async (language: Language): Promise<void> => {
  localStorage.setItem(remembered, language);
  apply(language);
  await i18next.changeLanguage(language);
};
