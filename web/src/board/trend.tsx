/* The line of a size over time, and the day shown as a mark on it. */

import type { Stock } from '../api';
import { useInfo } from '../info';

const W = 200, H = 32;

export interface Point { time: number; n: number }

export function Line({ points, at, colour }: { points: Point[]; at: string; colour: string }) {
  if (points.length < 2) return <svg viewBox={`0 0 ${W} ${H}`} height={H} aria-hidden="true" />;
  const first = points[0]!.time, span = points[points.length - 1]!.time - first;
  const top = Math.max(1, ...points.map(p => p.n));
  const x = (time: number) => Math.min(Math.max(((time - first) / span) * W, 0), W);
  const y = (n: number) => H - 1.5 - (n / top) * (H - 4);
  const line = points.map(p => `${x(p.time).toFixed(1)},${y(p.n).toFixed(1)}`).join(' ');
  const mark = x(Date.parse(at));
  return (
    <svg viewBox={`0 0 ${W} ${H}`} width="100%" height={H} preserveAspectRatio="none"
      aria-hidden="true">
      <polygon points={`0,${H} ${line} ${W},${H}`} fill={colour} opacity="0.14" />
      <polyline points={line} fill="none" stroke={colour} strokeWidth="1.75"
        vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
      <line x1={mark} x2={mark} y1="0" y2={H} stroke="var(--ink-3)" strokeWidth="1"
        vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

export function Trend({ stage, stocks, at }: {
  stage: string; stocks: Stock[] | undefined; at: string;
}) {
  const { colour } = useInfo();
  const points = (stocks ?? []).map(p => ({
    time: Date.parse(p.end),
    n: p.stages.find(s => s.stage === stage)?.customers ?? 0,
  }));
  return <Line points={points} at={at} colour={colour(stage)} />;
}
