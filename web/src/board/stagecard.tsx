/* One stage: how many are in it, how that came, who entered and who left. */

import { useTranslation } from 'react-i18next';
import type { Stage, StageCount, StageKpis, Stock } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Skeleton } from '../ui/controls';
import { Link } from '../ui/page';
import { Figures } from './figures';
import styles from './stagecard.module.css';
import { Trend } from './trend';

export function StageCard(props: {
  stage: Stage;
  count: StageCount | undefined;
  population: number;
  stocks: Stock[] | undefined;
  at: string;
  linkAt: string | undefined;
  from: string | undefined;
  aims: StageKpis | undefined;
  over: 'year' | 'always';
  kpis: StageKpis | undefined;
  /* The count is of the present, and follows it. */
  live: boolean;
  pointed: boolean;
  onPoint: (stage: string | null) => void;
}) {
  const { t } = useTranslation();
  const { format, colour } = useInfo();
  const { stage, count, linkAt: at, from } = props;
  const name = format.stage(stage.name);
  return (
    <li className={styles.card} data-stage={stage.name} data-pointed={props.pointed || undefined}
      onMouseEnter={() => props.onPoint(stage.name)} onMouseLeave={() => props.onPoint(null)}>
      <h2>
        <span className={styles.dot} style={{ background: colour(stage.name) }} />
        {name}
        {stage.end && <span className={styles.end}>{t('stage.end')}</span>}
      </h2>
      {count
        ? <>
            <div className={styles.count}>
              <Link to={link('/customers', { at, stage: stage.name })} data-count={count.customers}
                aria-label={t('stage.in', {
                  count: count.customers, n: format.number(count.customers), stage: name,
                })}>
                <span key={count.customers} className={props.live ? styles.live : undefined}>
                  {format.number(count.customers)}
                </span>
              </Link>
              <span>{format.share(count.customers, props.population)}</span>
            </div>
            <Trend stage={stage.name} stocks={props.stocks} at={props.at} />
            <div className={styles.moved}>
              {count.entered > 0
                ? <Link to={link('/customers', { at, from, entered: stage.name })}>
                    {t('stage.entered', { count: count.entered, n: format.number(count.entered) })}
                  </Link>
                : <span>{t('stage.noneEntered')}</span>}
              {count.left > 0
                ? <Link to={link('/customers', { at, from, left: stage.name })}>
                    {t('stage.left', { count: count.left, n: format.number(count.left) })}
                  </Link>
                : <span>{t('stage.noneLeft')}</span>}
            </div>
          </>
        : <Skeleton height={92} />}
      {stage.goal && <p className={styles.goal}>{t('stage.goal', { goal: format.goal(stage.goal) })}</p>}
      <Figures aims={props.aims} over={props.over} kpis={props.kpis} />
    </li>
  );
}
