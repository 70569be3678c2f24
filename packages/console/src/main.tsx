import '@patternfly/react-core/dist/styles/base.css';
import './app/app.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { consolePath } from './api/client.ts';
import { isSignedOut } from './api/session.ts';
import { App } from './app/app.tsx';
import { startTheme } from './app/theme.ts';
import { startLanguages } from './i18n/index.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('cannot start: the page has no #root');
const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => !isSignedOut(error) && count < 2, refetchOnWindowFocus: false },
  },
});

startTheme();
await startLanguages();
createRoot(root).render(
  <QueryClientProvider client={queries}>
    {/* What is typed or ticked is in the address: as a transition it would lag behind the hand, and be lost. */}
    <BrowserRouter basename={consolePath} useTransitions={false}>
      <App />
    </BrowserRouter>
  </QueryClientProvider>,
);
