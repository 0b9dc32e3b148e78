/* A stage's target and key figures, each as both models give it. */

import type { Both, Kpi, StageBoth, Target } from '../api';

export interface TargetPair extends Both<Target> { kind: 'target' }
export interface KpiPair extends Both<Kpi> { kind: 'kpi'; name: string }
export type Pair = TargetPair | KpiPair;

/* As a choice has it, and as a file is named. */
export const keyOf = (pair: Pair) => (pair.kind === 'target' ? 'target' : `kpi ${pair.name}`);

/* The target first; a KPI stands beside the one of the same name. */
export function pairsOf(stage: StageBoth): Pair[] {
  const { old, new: now } = stage;
  const names = new Set([...(old?.kpis ?? []), ...(now?.kpis ?? [])].map(kpi => kpi.name));
  const named = (kpis: Kpi[] | undefined, name: string) => kpis?.find(kpi => kpi.name === name) ?? null;
  const target: TargetPair = { kind: 'target', old: old?.target ?? null, new: now?.target ?? null };
  return [
    ...(target.old || target.new ? [target] : []),
    ...[...names].map((name): KpiPair => ({
      kind: 'kpi', name, old: named(old?.kpis, name), new: named(now?.kpis, name),
    })),
  ];
}
