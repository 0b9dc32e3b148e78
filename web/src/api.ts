/* What the server answers, and one hook for each question. */

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';

export interface Stage { name: string; goal: string | null; end: boolean }
export interface Rule { from: string[] | 'any'; to: string; when: string; words: string }
export interface Segment { name: string; description: string | null; when: string; words: string }

export interface Info {
  version: string;
  workspace: {
    name: string; currency: string; decimals: number; timezone: string; language: string;
  };
  now: string;
  first: string | null;
  last: string | null;
  default_at: string | null;
  events: number;
  customers: number;
  refused: number;
  model_version: number;
  /* The types of events' properties: {"purchase": {"revenue": "money"}}. */
  properties: Record<string, Record<string, string>>;
  lifecycle: { start: string; stages: Stage[]; moves: Rule[] };
  segments: Segment[];
}

export interface StageCount { stage: string; customers: number; entered: number; left: number }
export interface MoveCount { from: string | null; to: string; customers: number }

export interface Stages {
  at: string;
  from: string | null;
  population: number;
  stages: StageCount[];
  moves: MoveCount[];
}

export type By = 'day' | 'week' | 'month' | 'quarter' | 'year';

/* How it stood at the end of a period. */
export interface Stock {
  end: string;
  population: number;
  stages: { stage: string; customers: number }[];
}

export interface CustomerRow {
  id: string;
  stage: string;
  since: string;
  first: string;
  last: string;
  events: number;
  traits: Record<string, unknown>;
}

export interface CustomerList { at: string; total: number; customers: CustomerRow[]; next: string | null }

export interface EventRef { at: string; type: string; id: string }

export interface Term {
  term: string;
  test: string;
  words: string;
  truth: boolean;
  value: string | null;
  /* The newest of them, newest first. */
  events: EventRef[];
  events_total: number;
  holds_until: string | null;
}

export interface Move {
  at: string;
  from: string | null;
  to: string;
  rule: string | null;
  words: string | null;
  model_version: number;
  why: Term[];
}

export interface WayOut {
  to: string; rule: string; words: string; why: Term[]; at: string | null;
}

export interface Stay { stage: string; from: string; to: string | null }

export interface CustomerEvent extends EventRef {
  channel: string | null;
  properties: Record<string, unknown>;
  traits: Record<string, unknown>;
}

export interface Customer {
  id: string;
  at: string;
  stage: string | null;
  since: string | null;
  traits: Record<string, unknown>;
  segments: string[];
  moves: Move[];
  stays: Stay[];
  next: { at: string | null; to: string | null; moves: WayOut[] };
  events_total: number;
  events: CustomerEvent[];
}

/* Query parameters; those that are undefined are left out, an empty one is sent. */
export type Params = Record<string, string | number | undefined>;

export class ApiError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

export function address(path: string, params: Params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

async function ask<T>(path: string, params: Params, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address(path, params), { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError('offline', String(error));
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null)
    throw new ApiError(body?.error?.code ?? 'io', body?.error?.message ?? response.statusText);
  return body as T;
}

export const infoQuery = (lang: string) => ({
  queryKey: ['info', lang],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<Info>('/api/info', { lang }, signal),
  placeholderData: keepPreviousData,
});

export function useStages(at: string, from: string | undefined) {
  return useQuery({
    queryKey: ['stages', at, from],
    queryFn: ({ signal }) => ask<Stages>('/api/stages', { at, from }, signal),
    placeholderData: keepPreviousData,
  });
}

export function usePeriods(by: By) {
  return useQuery({
    queryKey: ['periods', by],
    queryFn: async ({ signal }) => {
      const answer = await ask<Record<string, unknown>>('/api/stages/periods', { by }, signal);
      return answer[`${by}s`] as Stock[];
    },
  });
}

export function useCustomers(filter: Params) {
  return useInfiniteQuery({
    queryKey: ['customers', filter],
    queryFn: ({ pageParam, signal }) =>
      ask<CustomerList>('/api/customers', { ...filter, limit: 100, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export function useSegmentSize(segment: string, at: string) {
  return useQuery({
    queryKey: ['segment', segment, at],
    queryFn: ({ signal }) =>
      ask<CustomerList>('/api/customers', { at, segment, limit: 1 }, signal),
    select: list => list.total,
  });
}

export function useCustomer(id: string, at: string, lang: string) {
  return useQuery({
    queryKey: ['customer', id, at, lang],
    queryFn: ({ signal }) =>
      ask<Customer>(`/api/customers/${encodeURIComponent(id)}`, { at, lang }, signal),
    placeholderData: keepPreviousData,
  });
}
