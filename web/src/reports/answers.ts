/* What reports answer. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ask, type By, type Params, type StageKpis } from '../api';
import type { Difference } from './against';

/* Sums are null when they are greater than a number can hold. */
export interface CohortCell { period: string; customers: number; events: number; value?: number | null }
export interface Cohort { cohort: string; start: string; customers: number; periods: CohortCell[] }
/* Of `customers` for whom it came `times` times, it came `once_more` for so many. */
export interface OnceMore {
  times: number; customers: number; once_more: number; share: number; low: number; high: number;
}
export interface Cohorts {
  at: string; by: By; cumulated: boolean; cohorts: Cohort[]; again: OnceMore[];
  against?: { cohorts: Cohort[]; again: OnceMore[] };
  difference?: (Difference & { number: number })[];
  again_difference?: (Difference & { times: number })[];
}

export const rfmMethods = ['interpolated', 'quintiles', 'ranks', 'limits'] as const;
export type RfmMethod = (typeof rfmMethods)[number];
export const measures = ['recency', 'frequency', 'monetary'] as const;
export type Scores = Record<(typeof measures)[number], number>;
export interface RfmCell extends Scores { customers: number; value: number | null }
export interface RfmGroup { group: string; customers: number; value: number | null }
/* From no group: did it for the first time; to none: the last time has fallen out of what is looked at. */
export interface RfmMove { from: string | null; to: string | null; customers: number }
export interface Rfm {
  at: string; method: RfmMethod; total: number;
  /* Nothing where scores are given by place alone. */
  cuts: { recency?: (string | number)[]; frequency?: number[]; monetary?: (number | null)[] };
  cells: RfmCell[]; groups: RfmGroup[];
  before?: { at: string; total: number; groups: RfmGroup[] }; moves?: RfmMove[];
}
export interface RfmCustomer extends Scores {
  id: string; last: string; days: number; events: number; value: number | null;
}

/* How often it was gone, and by how many; null: that is not known without counting anew. */
interface Travelled { ways: number; customers: number | null }
export interface PathNode extends Travelled { step: number; name: string; kind: 'step' | 'other' | 'end' }
export interface Paths extends Travelled {
  at: string; direction: 'forwards' | 'backwards'; steps: number;
  paths: (Travelled & { steps: string[]; ended: boolean })[];
  other: Travelled & { paths: number };
  nodes: PathNode[];
  /* From a node to a node, in the order of time; `step` is that of the one nearer to the anchor. */
  links: (Travelled & { step: number; from: number; to: number })[];
}

export const attributionModels = ['first', 'last', 'linear', 'position', 'decay', 'markov'] as const;
/* Parts of conversions, and of their value where one is summed. */
export interface Credit { conversions: number; value?: number | null }
/* The chain is null where there are too many sources for it. */
export type Source = Record<(typeof attributionModels)[number], Credit | null> & {
  channel: string; campaign?: string | null; paths: number; lost: number; removal: number | null;
};
export interface Attribution extends Credit {
  at: string; by: 'channel' | 'campaign'; untouched: Credit; lost: number; sources: Source[];
}

/* Lengths are in milliseconds; null is not known, or not reached. */
export interface SurvivalPoint {
  after_ms: number; at_risk: number; ended: number; share: number | null; low: number | null; high: number | null;
}
export interface Survival {
  at: string; by: string | null;
  log_rank: { chi_square: number; degrees: number; p: number } | null;
  groups: {
    value: string | null; customers: number; ended: number;
    median_ms: number | null; median_low_ms: number | null; median_high_ms: number | null;
    mean_ms: number | null; points: SurvivalPoint[];
  }[];
}

export const fates = ['kept', 'lost', 'new', 'returned', 'passed'] as const;
export const churnFormulas = ['start', 'end', 'all', 'average', 'gross', 'net'] as const;
export interface Rate { retention: number; churn: number; low?: number; high?: number }
export type ChurnPeriod = Record<(typeof fates)[number] | 'start' | 'end', number> & {
  period: string; rates: Partial<Record<(typeof churnFormulas)[number], Rate | null>>;
};
export interface Churn { at: string; by: By; periods: ChurnPeriod[] }

export const stageFates = ['stock', 'entered', 'left', 'forward', 'back', 'lost', 'waiting'] as const;
type FlowWay = 'forward' | 'back' | 'lost' | 'waiting';
/* The share is of those who entered; null of nobody. */
export interface FlowPart { customers: number; share: number | null; low: number | null; high: number | null }
export type FlowStage = Record<FlowWay, FlowPart> & {
  stage: string; customers: number; entered: number; left: number; on_way: boolean; of: number;
  next: (FlowPart & { to: string | null; way: Exclude<FlowWay, 'waiting'> })[];
  time: Record<'median_ms' | 'median_low_ms' | 'median_high_ms', number | null>;
};
export interface Bottleneck {
  reason: 'stands_out' | 'chance' | 'unknown' | 'alone' | 'nobody'; stage: string | null; like: string | null;
}
export interface FlowGroup {
  value: string | null; population: number; stages: FlowStage[]; bottleneck: { share: Bottleneck; time: Bottleneck };
}
export interface StageFlow { at: string; by: string | null; groups: FlowGroup[]; kpi: { stages: StageKpis[] } }

/* `since_ms`, `until_ms`: the medians from coming into the stage to the touch, and from it to the next stage. */
export interface Touched {
  customers: number; events: number; since_ms: number | null; until_ms: number | null;
  touches: number; lost: number; low: number | null; high: number | null; score?: number | null; answers?: number;
}
export interface Touchpoint extends Touched {
  touchpoint: string; others: { touches: number; lost: number };
  difference: number; difference_low: number; difference_high: number; pain: boolean;
}
export interface Journey {
  at: string;
  stages: (Touched & { stage: string; touchpoints: Touchpoint[]; other: { touchpoints: number; events: number } })[];
}

export const question = <T>(path: string, params: Params, enabled: boolean) => ({
  queryKey: [path, params],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<T>(path, params, signal),
  enabled,
});

export const useCohorts = (params: Params, enabled: boolean) => useQuery({
  ...question<Cohorts>('/api/cohorts', params, enabled), placeholderData: keepPreviousData,
});
export const useCohortCustomers = (params: Params) => useQuery({
  ...question<{ customers: string[] }>('/api/cohorts', params, true), select: answer => answer.customers,
});
export const useRfm = (params: Params, enabled: boolean) => useQuery({
  ...question<Rfm>('/api/rfm', params, enabled), placeholderData: keepPreviousData,
});
export const useRfmCustomers = (params: Params) => useQuery({
  ...question<{ customers: RfmCustomer[] }>('/api/rfm', params, true), select: answer => answer.customers,
});
export const usePaths = (params: Params) => useQuery({
  ...question<Paths>('/api/paths', params, true), placeholderData: keepPreviousData,
});
export const usePathCustomers = (params: Params) => useQuery({
  ...question<{ listed: string[] }>('/api/paths', params, true), select: answer => answer.listed,
});
export const useAttribution = (params: Params, enabled: boolean) => useQuery({
  ...question<Attribution>('/api/attribution', params, enabled), placeholderData: keepPreviousData,
});
export const useAttributionCustomers = (params: Params) => useQuery({
  ...question<{ customers: string[] }>('/api/attribution', params, true), select: answer => answer.customers,
});
export const useSurvival = (params: Params, enabled: boolean) => useQuery({
  ...question<Survival>('/api/survival', params, enabled), placeholderData: keepPreviousData,
});
export const useSurvivalCustomers = (params: Params) => useQuery({
  ...question<{ customers: string[] }>('/api/survival', params, true), select: answer => answer.customers,
});
export const useChurn = (params: Params, enabled: boolean) => useQuery({
  ...question<Churn>('/api/churn', params, enabled), placeholderData: keepPreviousData,
});
export const useChurnCustomers = (params: Params) => useQuery({
  ...question<{ customers: string[] }>('/api/churn', params, true), select: answer => answer.customers,
});
export const useStageFlow = (params: Params) => useQuery({
  ...question<StageFlow>('/api/stages', params, true), placeholderData: keepPreviousData,
});
export const useStageFlowCustomers = (params: Params) => useQuery({
  ...question<{ customers: string[] }>('/api/stages', params, true), select: answer => answer.customers,
});
export const useJourney = (params: Params) => useQuery({
  ...question<Journey>('/api/journey-map', params, true), placeholderData: keepPreviousData,
});
export const useJourneyCustomers = (params: Params) => useQuery({
  ...question<{ listed: string[] }>('/api/journey-map', params, true), select: answer => answer.listed,
});
