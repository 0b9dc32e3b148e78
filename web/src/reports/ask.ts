/* What the reports ask the server, one hook for each. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Difference } from './against';
import { ask, type By, type Params } from '../api';

export interface SegmentSize { name: string; customers: number; entered: number; left: number }
export interface SegmentSizes { at: string; from: string | null; segments: SegmentSize[] }
export interface SegmentPeriods { by: By; ends: string[]; segments: { name: string; sizes: number[] }[] }

export function useSegments(at: string, from: string | undefined) {
  return useQuery({
    queryKey: ['segments', at, from],
    queryFn: ({ signal }) => ask<SegmentSizes>('/api/segments', { at, from }, signal),
    placeholderData: keepPreviousData,
  });
}

export function useSegmentPeriods(by: By) {
  return useQuery({
    queryKey: ['segment periods', by],
    queryFn: ({ signal }) => ask<SegmentPeriods>('/api/segments/periods', { by }, signal),
  });
}

/* A length of time in milliseconds; null: there is none. */
export interface Took { median_ms: number | null; p90_ms: number | null }
export interface FunnelStep extends Took { step: string; customers: number }
export interface FunnelWay { whole: Took; steps: FunnelStep[] }
export interface Funnel extends FunnelWay {
  at: string;
  /* Who got so far and no further, and what they did next; null: nothing more. */
  stopped: { step: string; customers: number; next: { event: string | null; customers: number }[] }[];
  by?: string;
  groups?: (FunnelWay & { value: string | null })[];
  customers?: string[];
  against?: FunnelWay;
  difference?: (Difference & { step: string; before: Difference })[];
}

/* Not asked while there is nothing to ask. */
export function useFunnel(params: Params, enabled: boolean) {
  return useQuery({
    queryKey: ['funnel', params],
    queryFn: ({ signal }) => ask<Funnel>('/api/funnel', params, signal),
    enabled,
    placeholderData: keepPreviousData,
  });
}
