/* What every part of the page needs to know: the workspace, the model, the language. */

import { createContext, use, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Info } from './api';
import { makeFormat, type Format } from './format';
import { useScheme } from './ui/theme';
import { dark, light } from './palette';
import { dayOf } from './time';

interface Context {
  info: Info;
  format: Format;
  /* A stage's colour, by its place in the model. */
  colour: (stage: string) => string;
  /* The days of the slider, and the moment at which the page opens. */
  firstDay: string;
  lastDay: string;
  opening: string;
  /* As questions name it; undefined: the first. */
  lifecycle: string | undefined;
}

const InfoContext = createContext<Context | null>(null);

export function InfoProvider({ info, children }: { info: Info; children: ReactNode }) {
  const { t, i18n } = useTranslation();
  const scheme = useScheme();
  const context = useMemo(() => {
    const palette = scheme === 'dark' ? dark : light;
    const place = new Map(info.lifecycle.stages.map((stage, i) => [stage.name, i]));
    const zone = info.workspace.timezone;
    const opening = info.default_at ?? info.now;
    const lastDay = dayOf(opening, zone);
    return {
      info,
      format: makeFormat(info, t, i18n),
      colour: (stage: string) => {
        const i = place.get(stage);
        return i === undefined ? 'var(--ink-3)' : palette[i % palette.length]!;
      },
      firstDay: info.first ? dayOf(info.first, zone) : lastDay,
      lastDay,
      opening,
      lifecycle: info.lifecycles.indexOf(info.lifecycle.name) > 0 ? info.lifecycle.name : undefined,
    };
  }, [info, scheme, t, i18n]);
  return <InfoContext value={context}>{children}</InfoContext>;
}

export function useInfo() {
  return use(InfoContext)!;
}
