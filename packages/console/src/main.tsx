import '@patternfly/react-core/dist/styles/base.css';
import './app/app.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { consolePath } from './api/address.ts';
import { queries } from './api/queries.ts';
import { App } from './app/app.tsx';
import { startTheme } from './app/theme.ts';
import { startLanguages } from './i18n/index.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('cannot start: the page has no #root');

startTheme();
await startLanguages();
createRoot(root).render(
  <QueryClientProvider client={queries}>
    {/* Not in transitions: what is typed into a filter stands in the address at once, as a controlled input needs. */}
    <BrowserRouter basename={consolePath} useTransitions={false}>
      <App />
    </BrowserRouter>
  </QueryClientProvider>,
);
