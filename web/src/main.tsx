import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { ApiError, infoQuery, isOlder } from './api';
import { App } from './app';
import { preferred, start } from './language';
import { Theme } from './ui/theme';

/* What is asked for again in vain. */
const final = ['input', 'not_found', 'conflict', 'limit', 'no_key', 'no_right'];

const AGAIN_MS = 500;
const client: QueryClient = new QueryClient({
  /* A session that ended meanwhile is noticed by whatever asks first. */
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (error instanceof ApiError && error.code === 'no_key' && query.queryKey[0] !== 'info')
        void client.invalidateQueries({ queryKey: ['info'] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchInterval: query => isOlder(query.state.data) ? AGAIN_MS : false,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && final.includes(error.code)),
    },
  },
});

/* The workspace's language is asked for only when the person's is not known. */
async function language() {
  const wanted = preferred();
  if (wanted) return wanted;
  const info = await client.fetchQuery(infoQuery('en')).catch(() => null);
  return info?.workspace.language ?? 'en';
}

await start(await language());
createRoot(document.getElementById('page')!).render(
  <QueryClientProvider client={client}>
    <Theme>
      <App />
    </Theme>
  </QueryClientProvider>,
);
