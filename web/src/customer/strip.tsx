/* The stages of one customer as a strip over time, up to the moment shown. */

import { useElementSize } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { Stay } from '../api';
import { useInfo } from '../info';
import { dayOf } from '../time';
import styles from './customer.module.css';

export function Strip({ stays, at, onPick }: {
  stays: Stay[]; at: string; onPick: (day: string) => void;
}) {
  const { t } = useTranslation();
  const { info, format, colour } = useInfo();
  const { ref, width } = useElementSize();
  const start = Date.parse(stays[0]!.from);
  const span = Math.max(Date.parse(at) - start, 1);
  const day = (moment: string) => format.day(moment);
  /* A stage that was left in the instant in which it was entered takes no time. */
  const lasting = stays.filter(stay => stay.to !== stay.from);
  return (
    <section className={styles.strip} aria-label={t('strip.label')}>
      <ol ref={ref}>
        {lasting.map(stay => {
          const from = Date.parse(stay.from), to = stay.to ? Date.parse(stay.to) : start + span;
          const name = format.stage(stay.stage);
          const share = (to - from) / span;
          const text = stay.to
            ? t('strip.stay', { stage: name, from: day(stay.from), to: day(stay.to) })
            : t('strip.present', { stage: name, from: day(stay.from) });
          return (
            <li key={stay.from} style={{ flexGrow: share }}>
              <button type="button" title={text} aria-label={text}
                onClick={() => onPick(dayOf(stay.to ?? at, info.workspace.timezone))}>
                <span className={styles.block} style={{ background: colour(stay.stage) }} />
                {share * width > 7.5 * name.length + 8 && <span className={styles.blockName}>{name}</span>}
              </button>
            </li>
          );
        })}
      </ol>
      <div className={styles.ends} aria-hidden="true">
        <span>{day(stays[0]!.from)}</span><span>{day(at)}</span>
      </div>
    </section>
  );
}
