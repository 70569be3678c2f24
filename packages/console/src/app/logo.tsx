// The name of the product beside its sign: one arrow that leads many.
import { useTranslation } from 'react-i18next';

export const Logo = () => {
  const { t } = useTranslation();
  return (
    <span
      style={{
        display: 'inline-flex',
        alignItems: 'center',
        gap: '0.5rem',
        fontSize: '1.25rem',
        fontWeight: 600,
      }}
    >
      <svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true">
        <path
          d="M3 14h9M9 9l5 5-5 5"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
        <circle cx="22" cy="5" r="3" fill="#0066cc" />
        <circle cx="22" cy="14" r="3" fill="#0066cc" />
        <circle cx="22" cy="23" r="3" fill="#0066cc" />
      </svg>
      {t('shell.product')}
    </span>
  );
};
