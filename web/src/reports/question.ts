/* What a report is asked, as its address says it: a link shows the same to whoever opens it, and the
 * way back leads to the question before. */

import { useState } from 'react';
import type { ApiError, Params } from '../api';
import { useInfo } from '../info';
import { link, useParams } from '../links';
import { isMoment } from '../time';

/* What every report is asked, as the API names it. */
const common = ['from', 'to', 'segment', 'when', 'by'] as const;
export type Common = (typeof common)[number] | 'at';

/* A value that one types: it counts when one says so. What comes from elsewhere takes its place. */
export function useDraft(value: string, commit: (value: string) => void) {
  const [draft, setDraft] = useState({ of: value, text: value });
  const text = draft.of === value ? draft.text : value;
  return {
    text,
    set: (text: string) => setDraft({ of: value, text }),
    done: () => { if (text !== value) commit(text); },
  };
}

export type Question = ReturnType<typeof useQuestion>;

export function useQuestion() {
  const { opening } = useInfo();
  const [params, change] = useParams(false);
  const read = (name: string) => params.get(name) || undefined;
  const asked = read('at');
  const at = asked && isMoment(asked) ? asked : undefined;
  return {
    /* One parameter of the address; undefined: it is not there, or empty. */
    read,
    /* Others of them; empty ones leave the address. */
    ask: (values: Params) => change(Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, value === '' ? undefined : value]))),
    /* As the API takes them. */
    params: { ...Object.fromEntries(common.map(name => [name, read(name)])), at: at ?? opening } as
      Params & { at: string },
    /* The day, where it is not the one at which the page opens. */
    asked: at,
  };
}

/* The same time, and the same people, on another page of reports. */
export function useReportLink() {
  const { read } = useQuestion();
  return (path: string) => link(path, {
    from: read('from'), to: read('to'), at: read('at'), segment: read('segment'), when: read('when'),
  });
}

/* What is wrong with one parameter, to be shown at its field: the server says in which text it is, or
 * begins with the parameter's name. `value`: what was asked, unless the address has it. */
export const faultAt = (error: Error | null, name: string,
  value = new URLSearchParams(location.search).get(name) ?? undefined) => {
  const fault = (error as ApiError | null)?.fault;
  return fault && (fault.text !== undefined ? fault.text === value : new RegExp(`^${name}\\b`).test(fault.message))
    ? fault : undefined;
};

/* A name as rules have it: of more than one word it stands in backquotes. */
export const ruleName = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``);
