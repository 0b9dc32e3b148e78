/* What happens, as it happens: the stream of the server, heard again whenever it ends. */

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { address } from './api';

export interface LiveMove {
  key: string; customer: string; from: string | null; to: string | null; at: string; rule: string | null;
}
export interface LiveEvent { key: string; customer: string; type: string; at: string }
export interface LiveStages {
  at: string; population: number; stages: { stage: string; customers: number }[];
}
export interface Live {
  /* The newest first. */
  moves: LiveMove[];
  events: LiveEvent[];
  stages: LiveStages | null;
  connected: boolean;
}

const KEPT = 8;
const SHOW_MS = 100;         /* what came is shown so often */
const LOOK_MS = 10_000;      /* everything else is asked for again so often, while something happens */
const AGAIN_MS = 1000, AGAIN_MAX_MS = 30_000;

/* Of the lifecycle with this name. */
export function useLive(lifecycle: string): Live {
  const client = useQueryClient();
  const [live, setLive] = useState<Live>({ moves: [], events: [], stages: null, connected: false });

  useEffect(() => {
    let source: EventSource | undefined, last: string | undefined;
    let opened = false, failures = 0, looked = 0;
    let again = 0, show = 0, look = 0;
    let moves: LiveMove[] = [], events: LiveEvent[] = [], stages: LiveStages | null = null;

    const showAll = () => {
      const newMoves = moves.reverse(), newEvents = events.reverse(), newStages = stages;
      show = 0;
      moves = [];
      events = [];
      setLive(old => ({
        ...old,
        moves: [...newMoves, ...old.moves].slice(0, KEPT),
        events: [...newEvents, ...old.events].slice(0, KEPT),
        stages: newStages,
      }));
    };
    const showSoon = () => { show ||= window.setTimeout(showAll, SHOW_MS); };
    const askInfo = () => void client.invalidateQueries({ queryKey: ['info'] });
    const lookAgain = () => {
      look = 0;
      looked = Date.now();
      askInfo();
    };
    const lookSoon = () => {
      look ||= window.setTimeout(lookAgain, Math.max(SHOW_MS, looked + LOOK_MS - Date.now()));
    };
    /* What was missed is in everything that is shown. */
    const reload = () => void client.invalidateQueries();

    const hear = <T,>(name: string, told: (data: T, id: string) => void) =>
      source!.addEventListener(name, event => {
        last = event.lastEventId || last;
        told(JSON.parse(event.data) as T, event.lastEventId);
      });
    const close = () => {
      source?.close();
      source = undefined;
      clearTimeout(again);
    };
    const open = () => {
      close();
      source = new EventSource(address('/api/live', { last }));
      source.onopen = () => {
        /* What came before a stream began is not told by it, but the counts are. */
        if (!opened) askInfo();
        else if (!last) reload();
        opened = true;
        failures = 0;
        setLive(old => ({ ...old, connected: true }));
      };
      source.onerror = () => {
        close();
        setLive(old => ({ ...old, connected: false }));
        const wait = Math.min(AGAIN_MS * 2 ** failures, AGAIN_MAX_MS) * (0.5 + Math.random() / 2);
        failures += 1;
        again = window.setTimeout(open, wait);
      };
      hear<LiveMove & { lifecycle: string }>('move', (move, key) => {
        if (move.lifecycle !== lifecycle) return;
        moves = [...moves.slice(1 - KEPT), { ...move, key }];
        showSoon();
        lookSoon();
      });
      hear<LiveEvent>('event', (event, key) => {
        events = [...events.slice(1 - KEPT), { ...event, key }];
        showSoon();
        lookSoon();
      });
      hear<LiveStages & { lifecycle: string }>('stages', told => {
        if (told.lifecycle !== lifecycle) return;
        stages = told;
        showSoon();
      });
      hear('reload', reload);
    };
    /* Nobody looks: browsers have few connections for all pages of a site. */
    const turn = () => (document.hidden ? close() : open());

    document.addEventListener('visibilitychange', turn);
    turn();
    return () => {
      document.removeEventListener('visibilitychange', turn);
      close();
      clearTimeout(show);
      clearTimeout(look);
      if (look) lookAgain(); /* a number that was clicked leads to as many customers */
    };
  }, [client, lifecycle]);
  return live;
}
