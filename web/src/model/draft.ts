/* The text that is being edited. It outlives a look at another page and a reload, but not the
 * browser's tab. */

import { useSyncExternalStore } from 'react';

export interface Draft {
  text: string;
  /* The version that it was made from. */
  version: number;
  /* What was tried: the job, and the text and the lifecycle that it was given. */
  tried?: { job: string; text: string; lifecycle?: string | undefined };
}

const key = 'draft';
const watching = new Set<() => void>();
let draft: Draft | null = stored();

function stored(): Draft | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

export function keepDraft(next: Draft | null) {
  draft = next;
  try {
    if (next) sessionStorage.setItem(key, JSON.stringify(next));
    else sessionStorage.removeItem(key);
  } catch {
    /* A text too large for the browser's store lives as long as the page does. */
  }
  watching.forEach(tell => tell());
}

export const useDraft = () => useSyncExternalStore(
  tell => {
    watching.add(tell);
    return () => { watching.delete(tell); };
  },
  () => draft);
