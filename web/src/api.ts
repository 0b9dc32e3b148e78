/* What the server answers, and one hook for each question. */

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';

export interface Stage { name: string; goal: string | null; end: boolean }
export interface Rule { from: string[] | 'any'; to: string; when: string; words: string }
/* `list`: people say who is in it. */
export interface Segment { name: string; description: string | null; when: string; words: string; list: boolean }

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
  /* Ids are keyed hashes, and nothing personal is kept. */
  pseudonymous: boolean;
  model_version: number;
  /* The types of events' properties: {"purchase": {"revenue": "money"}}. */
  properties: Record<string, Record<string, string>>;
  /* The names of all; with one only, it may have none. */
  lifecycles: string[];
  lifecycle: {
    name: string; for: string | null; start: string; stages: Stage[]; moves: Rule[];
  };
  segments: Segment[];
}

export interface StageCount { stage: string; customers: number; entered: number; left: number }
/* A move from nothing came in; one to nothing left the lifecycle. */
export interface MoveCount { from: string | null; to: string | null; customers: number }

export interface Stages {
  at: string;
  from: string | null;
  population: number;
  stages: StageCount[];
  moves: MoveCount[];
}

/* A number with its unit; null: there is nothing to count it from. `of` how many it is made. */
export interface Figure {
  unit: 'moves' | 'share' | 'ms' | 'number' | 'money'; value: number | null; of: number;
}
export interface Target extends Figure {
  to: string[]; within: string; rate: number; reached: number; met: boolean | null;
}
export interface Kpi extends Figure { name: string; measure: string }
export interface StageKpis { stage: string; target: Target | null; kpis: Kpi[] }

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
  /* Without it the rule would have another answer. */
  decides: boolean;
  value: string | null;
  /* The newest of them, newest first. */
  events: EventRef[];
  events_total: number;
  holds_until: string | null;
}

export interface Move {
  at: string;
  from: string | null;
  to: string | null;
  rule: string | null;
  words: string | null;
  model_version: number;
  why: Term[];
}

export interface WayOut {
  to: string; rule: string; words: string; why: Term[]; at: string | null;
}

/* A way out of the present stage that was not taken, and what would change that. */
export interface WhyNot {
  to: string;
  rule: string;
  words: string;
  /* When time alone makes the rule true, and when it leads this way. */
  holds_until: string | null;
  when: string | null;
  terms: Term[];
  /* Each of these would do it at once. */
  events: { event: string; times: number; like: EventRef | null }[];
}

export interface Stay { stage: string; from: string; to: string | null }

export interface CustomerEvent extends EventRef {
  channel: string | null;
  member: PeerId | null;
  properties: Record<string, unknown>;
  traits: Record<string, unknown>;
}

export type Acquisition = 'channel' | 'source' | 'medium' | 'campaign' | 'referrer' | 'page';

/* One value of a trait, said once or several times on end by one source; null: it was taken away. */
export interface TraitTold {
  value: unknown; source: string | null; at: string; last: string; times: number; event: string; stands: boolean;
}
/* Which of them stands; the newest are told, and the one that stands. */
export interface TraitHistory {
  name: string;
  value: unknown;
  source: string | null;
  since: string | null;
  keep: 'newest' | 'first' | string[];
  conflict: boolean;
  told_total: number;
  told: TraitTold[];
}

/* One of the ids by which a customer is known, and since when. */
export interface CustomerId {
  kind: 'userId' | 'anonymousId' | 'email' | 'phone' | 'device' | 'other' | 'group';
  id: string;
  first: string | null;
}
/* The id that names another customer. */
export type PeerId = Pick<CustomerId, 'kind' | 'id'>;
export interface MemberList { total: number; members: PeerId[]; next: number | null }

export interface SegmentChange { at: string; segment: string; change: 'entered' | 'left' }
export interface Customer {
  id: string;
  ids: CustomerId[];
  is_account: boolean;
  members_total: number;
  members: PeerId[];   /* the first of them */
  accounts: PeerId[];
  at: string;
  stage: string | null;
  since: string | null;
  traits: Record<string, unknown>;
  trait_history: TraitHistory[];
  acquisition: Record<Acquisition, string | null>;
  segments: string[];
  segment_changes: SegmentChange[];   /* up to then, oldest first */
  moves: Move[];
  stays: Stay[];
  next: { at: string | null; to: string | null; moves: WayOut[] };
  why_not: WhyNot[];
  events_total: number;
  events: CustomerEvent[];
}

/* Query parameters; those that are undefined are left out, an empty one is sent. */
export type Params = Record<string, string | number | undefined>;

/* What is wrong, and where: in which line of the text, and of a question, in which part of it. */
export interface Fault { code: string; message: string; line?: number; column?: number; text?: string }

export class ApiError extends Error {
  readonly code: string;
  constructor(readonly fault: Fault) {
    super(fault.message);
    this.code = fault.code;
  }
}

export function address(path: string, params: Params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/* A report that takes long is answered with what was last made of it, and then asked for anew. */
const AGE = 'age of the answer';
const older = new Set<string>();
export const isOlder = (answer: unknown) =>
  typeof answer === 'object' && answer !== null && AGE in answer;

export async function answered<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError({ code: 'offline', message: String(error) });
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null)
    throw new ApiError(body?.error ?? { code: 'io', message: response.statusText });
  const age = response.headers.get('Age');
  if (age && !Array.isArray(body)) {
    older.add(url);
    return { ...body, [AGE]: Number(age) };
  }
  return body as T;
}

export const ask = <T>(path: string, params: Params, signal: AbortSignal) =>
  answered<T>(address(path, params), {
    signal, ...older.delete(address(path, params)) ? { headers: { 'Cache-Control': 'no-cache' } } : {},
  });

export const send = <T>(path: string, body: object, signal?: AbortSignal) => answered<T>(path, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal,
});

/* Who asks; without a name: nobody needs a key here. */
export interface Session { name: string | null; right: 'collect' | 'read' | 'edit' | 'admin' }

export const logIn = (key: string) => send<unknown>('/api/session', { key });
export const logOut = () => answered<unknown>('/api/session', { method: 'DELETE' });

export function useSession(enabled: boolean) {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => ask<Session>('/api/session', {}, signal),
    enabled,
  });
}

export const infoQuery = (lang: string, lifecycle?: string) => ({
  queryKey: ['info', lang, lifecycle],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<Info>('/api/info', { lang, lifecycle }, signal),
  placeholderData: keepPreviousData,
});

export function useStages(at: string, from: string | undefined, lifecycle: string | undefined) {
  return useQuery({
    queryKey: ['stages', at, from, lifecycle],
    queryFn: ({ signal }) => ask<Stages>('/api/stages', { at, from, lifecycle }, signal),
    placeholderData: keepPreviousData,
  });
}

export function useKpis(at: string, from: string | undefined, lifecycle: string | undefined) {
  return useQuery({
    queryKey: ['kpis', at, from, lifecycle],
    queryFn: ({ signal }) =>
      ask<{ kpi: { stages: StageKpis[] } }>('/api/stages', { at, from, lifecycle, kpi: 1 }, signal),
    select: answer => answer.kpi.stages,
    placeholderData: keepPreviousData,
  });
}

export function usePeriods(by: By, lifecycle: string | undefined) {
  return useQuery({
    queryKey: ['periods', by, lifecycle],
    queryFn: async ({ signal }) => {
      const answer = await ask<Record<string, unknown>>('/api/stages/periods', { by, lifecycle }, signal);
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

export function useSegmentSize(segment: string, at: string, lifecycle: string | undefined) {
  return useQuery({
    queryKey: ['segment', segment, at, lifecycle],
    queryFn: ({ signal }) =>
      ask<CustomerList>('/api/customers', { at, segment, lifecycle, limit: 1 }, signal),
    select: list => list.total,
  });
}

export function useCustomer(id: string, at: string, lang: string, lifecycle: string | undefined) {
  return useQuery({
    queryKey: ['customer', id, at, lang, lifecycle],
    queryFn: ({ signal }) =>
      ask<Customer>(`/api/customers/${encodeURIComponent(id)}`, { at, lang, lifecycle }, signal),
    placeholderData: keepPreviousData,
  });
}

export function useMembers(id: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ['members', id],
    queryFn: ({ pageParam, signal }) =>
      ask<MemberList>(`/api/members/${encodeURIComponent(id)}`, { after: pageParam, limit: 100 }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: page => page.next ?? undefined,
    enabled,
  });
}

/* --- what comes in --- */

interface Known { name: string; declared: boolean; count: number; first: string | null; last: string | null }
export interface KnownProperty extends Known { type: string; wrong: number; values: Record<string, number> }
export interface KnownEvent extends Known {
  passive: boolean; from: string[]; refused: number; reasons: { reason: string; count: number }[];
  properties: KnownProperty[];
}
export interface KnownNames {
  mode: 'strict' | 'learning'; complete: boolean; events: KnownEvent[]; traits: KnownProperty[];
}

export function useDictionary() {
  return useQuery({
    queryKey: ['dictionary'],
    queryFn: ({ signal }) => ask<KnownNames>('/api/dictionary', {}, signal),
    refetchInterval: query => (query.state.data?.complete === false ? 300 : false),
  });
}

/* `calls` of them can be sent again; first and last are when they happened, as they say. */
export interface RefusedGroup {
  source: string; reason: string; count: number; calls: number; first: string | null; last: string | null;
  refused_last: string | null;   /* null: in a file of an older format nobody knows */
}
export interface RefusedRow { id: string; line: number; text: string; at: string | null }

interface RefusedList {
  refused: number; complete: boolean; others: number; groups: RefusedGroup[]; next: string | null;
}

/* Counted on, while one looks, until all are. */
export function useRefused() {
  return useInfiniteQuery({
    queryKey: ['refused'],
    queryFn: ({ pageParam, signal }) => ask<RefusedList>('/api/refused', { after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    refetchInterval: query => (query.state.data?.pages.some(page => !page.complete) ? 300 : false),
  });
}

/* One that a link names, on whichever page it is. */
export function useRefusedGroup(source: string | null, reason: string | null) {
  return useQuery({
    queryKey: ['refused', 'group', source, reason],
    queryFn: ({ signal }) => ask<RefusedList>('/api/refused', { source: source!, reason: reason! }, signal),
    enabled: source !== null && reason !== null,
    refetchInterval: query => (query.state.data?.complete === false ? 300 : false),
  });
}

export function useRefusedRows(source: string, reason: string, count: number) {
  return useInfiniteQuery({
    queryKey: ['refused', source, reason, count],
    queryFn: ({ pageParam, signal }) => ask<{ rows: RefusedRow[]; next: string | null }>(
      '/api/refused/rows', { source, reason, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/* How long the model keeps events of a type, and how many are older. */
export interface Retained { type: string; kept: string; events: number }

export function useRetention() {
  return useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => ask<{ types: Retained[] }>('/api/retention', {}, signal),
  });
}

/* One by its id, or all of a reason; mends are written OLD=NEW. */
export interface Resend {
  id?: string; text?: string; source?: string; reason?: string;
  rename_type?: string; rename_property?: string; convert?: string; dry_run?: boolean;
}
export interface Resent {
  dry_run: boolean; found: number; accepted: number; known: number; refused: number; no_calls: number;
  broken: number;
  reasons: { reason: string; count: number }[];
}
export const resend = (what: Resend) => send<Resent>('/api/refused/resend', what);

export interface Key {
  name: string; right: Session['right']; rate: number | null; made: string; revoked: string | null;
}

/* --- who may be one customer with whom --- */

export interface Id { kind: CustomerId['kind']; id: string }
/* One of two customers. */
export interface Suspect extends Id { stage: string | null; events: number; last: string | null }
interface Met { a: Id; b: Id; customers: Suspect[] }
export interface Suspicion extends Met {
  since: string;
  how: 'event' | 'alias' | 'decision';
  why: 'two known users' | 'too many ids of a kind' | 'kept apart by a decision';
}
export interface Decision extends Met { at: string; says: 'merge' | 'apart'; by: string | null }
export type AlikeField = 'name' | 'address' | 'phone' | 'email' | 'postal_code' | 'city' | 'birthday';
export interface Alike {
  customers: [Suspect, Suspect];
  bits: number;
  fields: { field: AlikeField; a: string; b: string; alike: number }[];
}
interface Paged { total: number; next: string | null }
export interface Lists {
  suspicions: Paged & { suspicions: Suspicion[] };
  decisions: Paged & { decisions: Decision[] };
  similar: Paged & { looked: string | null; pairs: Alike[] };
}

/* Page by page: there may be very many. */
export function usePairs<K extends keyof Lists>(list: K, customer: string | undefined, limit: number) {
  return useInfiniteQuery({
    queryKey: ['pairs', list, customer, limit],
    queryFn: ({ pageParam, signal }) =>
      ask<Lists[K]>(`/api/${list}`, { customer, limit, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
  });
}

/* As a question or a decision names an id. */
export const idText = ({ kind, id }: Id) => (kind === 'other' ? id : `${kind}:${id}`);

export const decide = (a: string, b: string, says: 'merge' | 'apart' | 'undecided') =>
  send<object>('/api/identity', { a, b, says });

export interface ListChanged { changed: number; already: number; unknown: number }
export const changeList = (list: string, listed: boolean, customers: string[]) =>
  send<ListChanged>('/api/lists', { list, listed, customers });

export function useKeys() {
  return useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => ask<Key[]>('/api/keys', {}, signal) });
}

export const addKey = (name: string, right: Session['right'], rate: number | undefined) =>
  send<{ key: string }>('/api/keys', { name, right, rate });
export const revokeKey = (name: string) =>
  answered<object>(`/api/keys/${encodeURIComponent(name)}`, { method: 'DELETE' });

export interface WebhookState {
  webhook: {
    name: string; url: string; what: string; types: string[]; stages: string[];
    segments: string[];
    state: 'on' | 'paused' | 'gone'; failing_since: string | null; last_answer: string | null;
    last_status: number | null;
  };
  under_way: number; why: string; ping: string | null; ping_status: number;
}

/* Asked again now and then: what is sent is answered while nobody does anything. */
export function useWebhooks() {
  return useQuery({
    queryKey: ['webhooks'],
    queryFn: ({ signal }) => ask<WebhookState[]>('/api/webhooks', {}, signal),
    refetchInterval: 3000,
  });
}

export const addWebhook = (draft: {
  name: string; url: string; what: string; segments: string[]; allow_private: boolean;
}) =>
  send<{ secret: string }>('/api/webhooks', draft);
export const testWebhook = (name: string) => send<object>('/api/webhooks/test', { name });
export const replayWebhook = (name: string, from: string | undefined) =>
  send<object>('/api/webhooks/replay', { name, from });
export const removeWebhook = (name: string) =>
  answered<object>(`/api/webhooks/${encodeURIComponent(name)}`, { method: 'DELETE' });

/* --- the model --- */

export interface Finding { line: number; column: number; text: string }
export interface Check {
  ok: boolean;
  error: Fault | null;
  findings: Finding[];
  stages: number;
  moves: number;
  segments: number;
}
export interface Change { sign: '+' | '-' | '~'; section: string; name: string }
export interface Version {
  version: number; applied: string; author: string | null; changes: Change[];
}
export interface VersionText { version: number; applied: string; author: string | null; text: string }
export interface DiffLine { sign: ' ' | '-' | '+'; text: string }
export interface Hunk { from_line: number; to_line: number; lines: DiffLine[] }

export function useCheck(text: string) {
  return useQuery({
    queryKey: ['check', text],
    queryFn: ({ signal }) => send<Check>('/api/model/check', { text }, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 10_000,
  });
}

export function useVersions() {
  return useQuery({
    queryKey: ['versions'],
    queryFn: ({ signal }) => ask<Version[]>('/api/model/versions', {}, signal),
  });
}

export const versionQuery = (version: number) => ({
  queryKey: ['version', version],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<VersionText>(`/api/model/versions/${version}`, {}, signal),
  staleTime: Infinity,
});

export function useDiff(from: number, to: number) {
  return useQuery({
    queryKey: ['diff', from, to],
    queryFn: ({ signal }) => ask<{ hunks: Hunk[] }>('/api/model/diff', { from, to }, signal),
    select: diff => diff.hunks,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/* --- what another model would have done --- */

/* One stage in one period, with one of the two models. */
export interface Cell {
  customers: number; entered: number; left: number; median_days: number | null; p90_days: number | null;
  target: Target | null;
  kpis: Kpi[];
}
export interface Both<T> { old: T | null; new: T | null }
export interface StageBoth extends Both<Cell> { stage: string }
/* How many of how many, and between which shares the truth lies nineteen times in twenty. */
export interface Share { hits: number; of: number; share: number | null; low: number; high: number }
export interface Forecast extends Both<{ precision: Share; recall: Share }> {
  stage: string; that: string; within: string;
}
/* A customer whose history differs: where he stands with each model when it first does, and at
 * the end. */
export interface Differing extends Both<string> {
  id: string; at: string; old_at_end: string | null; new_at_end: string | null;
}
export interface Backtest {
  from: string;
  to: string;
  customers: number;
  differ: number;
  differ_at_end: number;
  first: string | null;
  stages: StageBoth[];
  months: { month: string; start: string; end: string; stages: StageBoth[] }[];
  at_end: (Both<string> & { customers: number })[];
  forecasts: Forecast[];
  list: Differing[];
}

/* --- work that takes a while --- */

export interface Job<T> { done: number; all: number; result: T | null; error: Fault | null }
const jobsPaths = {
  backtest: '/api/model/backtest', apply: '/api/model/apply', check: '/api/model/check', keep: '/api/value/keep',
  erase: '/api/erase', retention: '/api/retention', similar: '/api/similar',
} as const;
export type JobKind = keyof typeof jobsPaths;

const jobPath = (kind: JobKind, id: string) => `${jobsPaths[kind]}/${id}`;

export const startJob = (kind: JobKind, body: object) =>
  send<{ job: string }>(jobsPaths[kind], body).then(answer => answer.job);

export const cancelJob = (kind: JobKind, id: string) =>
  answered<object>(jobPath(kind, id), { method: 'DELETE' });

/* Asks until it is over. With `first`, that part of its list. */
export function useJob<T>(kind: JobKind, id: string | null, first?: number) {
  return useQuery({
    queryKey: ['job', kind, id, first],
    queryFn: ({ signal }) => ask<Job<T>>(jobPath(kind, id!), { first }, signal),
    enabled: id !== null,
    placeholderData: (old, query) => (query?.queryKey[2] === id ? old : undefined),
    staleTime: Infinity,
    gcTime: Infinity,
    refetchInterval: query => {
      const job = query.state.data;
      return query.state.error || (job && (job.result || job.error)) ? false : 200;
    },
  });
}
