/* Where things are on the page. The address holds the whole state, so that a link shows the
 * same to whoever opens it. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { address, type Params } from './api';
import { useInfo } from './info';
import { daysBefore, isMoment } from './time';

/* A link within the page; the lifecycle, and a language asked for in the address, stay in it. */
export function link(path: string, params: Params = {}) {
  const here = new URLSearchParams(location.search);
  const lifecycle = here.get('lifecycle') ?? undefined, lang = here.get('lang') ?? undefined;
  return address(path, { ...params, lifecycle, lang });
}

export const customerLink = (id: string, at: string | undefined) =>
  link(`/customers/${encodeURIComponent(id)}`, { at });

/* The id in a customer's address. The router has decoded its path in part, so not from there. */
export function customerHere() {
  const written = location.pathname.slice('/customers/'.length);
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/* Changes some of the address's parameters, in place unless the way back is to lead to the old ones;
 * undefined removes one. */
export function useParams(replace = true): [URLSearchParams, (change: Params) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback((change: Params) => {
    setParams(old => {
      const next = new URLSearchParams(old);
      for (const [name, value] of Object.entries(change))
        if (value === undefined) next.delete(name);
        else next.set(name, String(value));
      return next;
    }, { replace });
  }, [setParams, replace]);
  return [params, change];
}

/* The moment that the page shows. The value changes at once, the address a little later:
 * browsers limit how often it may change, and a dragged slider changes it at every step. */
export function useAt() {
  const { opening, lastDay } = useInfo();
  const [params, change] = useParams();
  const [moved, setMoved] = useState<{ at: string | undefined }>();
  const timer = useRef(0);
  const asked = params.get('at');
  const at = moved ? moved.at : asked && isMoment(asked) ? asked : undefined;

  /* A step taken while the address was changing to an earlier one stays. */
  useEffect(() => { setMoved(m => (m && (m.at ?? null) !== asked ? m : undefined)); }, [asked]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const setAt = (day: string) => {
    const next = day === lastDay ? undefined : day;
    setMoved({ at: next });
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change({ at: next }), 250);
  };
  return { at: at ?? opening, asked: at, setAt };
}

export const periods = ['7d', '30d', '90d', '365d', 'all'] as const;
export type PeriodName = (typeof periods)[number];

/* The moment at which a period that ends at `at` begins; undefined: with the first event. */
export const periodStart = (period: PeriodName, at: string) =>
  period === 'all' ? undefined : daysBefore(at, parseInt(period));
