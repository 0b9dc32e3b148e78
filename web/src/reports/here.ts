import { useLocation } from 'wouter';
import type { Params } from '../api';
import { useParams } from '../links';

/* The address of this page with some of its parameters changed; undefined removes one. */
export function useHere() {
  const [params] = useParams();
  const [path] = useLocation();
  return (change: Params) => {
    const next = new URLSearchParams(params);
    for (const [name, value] of Object.entries(change))
      if (value === undefined) next.delete(name);
      else next.set(name, String(value));
    return `${path}?${next}`;
  };
}
