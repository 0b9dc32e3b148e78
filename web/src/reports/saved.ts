/* Questions that are kept by a name, dashboards of them, and alerts on their numbers. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { address, answered, ask, send, useSession, type Params } from '../api';
import type { Format } from '../format';

interface Made { name: string; made: string; author: string }
export interface View extends Made { question: string; report: string; params: Record<string, string> }
export interface Dashboard extends Made { views: string[] }
export type Every = 'hour' | 'day' | 'week';
export interface AlertState {
  on: boolean; since: string | null; value: number | null;
  usual: { low: number; median: number; high: number } | null; why: string; looked: string | null;
}
export interface AlertRule {
  view: string; number: string; every: Every; above?: string; below?: string; unusual?: boolean;
}
export interface Alert extends Made {
  view: string; number: string; every: Every; above?: number; below?: number; unusual?: boolean;
  state: AlertState; next: string;
}

export const useViews = () => useQuery({
  queryKey: ['views'], queryFn: ({ signal }) => ask<View[]>('/api/views', {}, signal),
});
export const useDashboards = () => useQuery({
  queryKey: ['dashboards'], queryFn: ({ signal }) => ask<Dashboard[]>('/api/dashboards', {}, signal),
});
export const useAlerts = () => useQuery({
  queryKey: ['alerts'], queryFn: ({ signal }) => ask<Alert[]>('/api/alerts', {}, signal), refetchInterval: 15_000,
});
/* What a view's report answers now. */
export const useViewAnswer = (name: string) => useQuery({
  queryKey: ['view', name], queryFn: ({ signal }) => ask<unknown>(`/api/views/${encodeURIComponent(name)}`, {}, signal),
});

export const addView = (name: string, question: string) => send<object>('/api/views', { name, question });
export const addDashboard = (name: string, views: string[]) => send<object>('/api/dashboards', { name, views });
export const changeDashboard = (name: string, to: { name: string; views: string[] }) =>
  send<object>(`/api/dashboards/${encodeURIComponent(name)}`, to);
export const addAlert = (name: string, rule: AlertRule) => send<object>('/api/alerts', { name, ...rule });
export const tryAlert = (rule: AlertRule) => send<AlertState>('/api/alerts/try', rule);
export const removeSaved = (kind: 'views' | 'dashboards' | 'alerts', name: string) =>
  answered<object>(`/api/${kind}/${encodeURIComponent(name)}`, { method: 'DELETE' });

export const useMayEdit = () => ['edit', 'admin'].includes(useSession(true).data?.right ?? '');
export function useRefresh() {
  const client = useQueryClient();
  return () => void Promise.all(['views', 'dashboards', 'alerts'].map(queryKey =>
    client.invalidateQueries({ queryKey: [queryKey] })));
}

/* As the server writes a question. */
export const questionOf = (report: string, params: Params) => address(report, params);

/* The page of a report, where it has another name than the API's. */
const pages: Record<string, string> = {
  ...Object.fromEntries(['funnel', 'cohorts', 'rfm', 'paths', 'attribution', 'survival', 'churn', 'segments', 'overlap', 'value']
    .map(name => [name, name])),
  'journey-map': 'journey',
  stages: 'stageflow',
};
/* Where the page shows it; undefined: only the command line does. */
export const viewLink = (view: View) =>
  view.report in pages && (view.report !== 'stages' || view.params.conversion === '1')
    ? address(`/reports/${pages[view.report]}`, view.params) : undefined;

/* --- numbers of an answer --- */

const escaped = (token: string) => token.replaceAll('~', '~0').replaceAll('/', '~1');

function itemToken(list: unknown[], at: number) {
  const item = list[at];
  if (item && typeof item === 'object' && !Array.isArray(item))
    for (const [name, value] of Object.entries(item)) {
      if (typeof value !== 'string') continue;
      const first = list.findIndex(one => (one as Record<string, unknown> | null)?.[name] === value);
      return first === at ? `${name}=${value}` : String(at);
    }
  return String(at);
}

/* A number of an answer for people: a length of time as such, others with two decimals at most. */
export const shownNumber = (format: Format, pointer: string, value: number) =>
  pointer.endsWith('_ms') ? format.span(value) : format.number(Math.round(value * 100) / 100);

/* Each with its pointer (docs/views.md) and the names that lead to it. */
export interface Found { pointer: string; words: string; value: number }
export function numbersOf(answer: unknown, pointer = '', words: string[] = []): Found[] {
  if (typeof answer === 'number') return [{ pointer, words: words.join(' › '), value: answer }];
  if (!answer || typeof answer !== 'object') return [];
  if (Array.isArray(answer))
    return answer.flatMap((item: unknown, at) => {
      const token = itemToken(answer, at);
      return numbersOf(item, `${pointer}/${escaped(token)}`, [...words, token.replace(/^[^=]*=/, '')]);
    });
  return Object.entries(answer).flatMap(([name, item]: [string, unknown]) =>
    numbersOf(item, `${pointer}/${escaped(name)}`, [...words, name.replaceAll('_', ' ')]));
}
