/* Work that takes a while: begun once, asked how far it is, and cancelled. */

import { useEffect, useState } from 'react';
import { cancelJob, type Fault, type JobKind, startJob, useJob } from './api';
import { faultOf } from './model/apply';

export function useWork<T extends object>(kind: JobKind, onDone: (result: T) => void) {
  const [id, setId] = useState<string | null>(null);
  const [starting, setStarting] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const job = useJob<T>(kind, id);
  const result = job.data?.result;
  useEffect(() => {
    if (result) onDone(result);
  }, [result]);
  return {
    start: async (body: object) => {
      setFault(null);
      setId(null);
      setStarting(true);
      try {
        setId(await startJob(kind, body));
      } catch (error) {
        setFault(faultOf(error));
      }
      setStarting(false);
    },
    cancel: () => { if (id) void cancelJob(kind, id).catch(() => {}); },
    starting,
    running: starting || (id !== null && !job.data?.result && !job.data?.error && !job.error),
    done: job.data?.done ?? 0,
    all: job.data?.all ?? 0,
    result,
    fault: fault ?? (job.error ? faultOf(job.error) : job.data?.error ?? null),
  };
}
