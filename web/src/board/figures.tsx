/* What a stage is meant to reach, and whether it does; its key figures. */

import { useTranslation } from 'react-i18next';
import type { Figure, StageKpis, Target } from '../api';
import { useInfo } from '../info';
import styles from './stagecard.module.css';

export function useFigure() {
  const { format } = useInfo();
  return ({ unit, value }: Figure) => {
    if (value === null) return '–';
    switch (unit) {
      case 'share': return format.percent(value);
      case 'ms': return format.span(value);
      case 'money': return format.value(value, 'money');
      default: return format.rounded(value);
    }
  };
}

/* "Target: 40% on to Loyalty within 90 days" */
export function useAim() {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (target: Target) => t('target.what', {
    rate: format.rate(target.rate), within: format.length(target.within),
    to: format.any(target.to.map(format.stage)),
  });
}

function TargetLine({ target, over }: { target: Target; over: 'year' | 'always' }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const figure = useFigure();
  const aim = useAim();
  return (
    <div className={styles.target} data-met={String(target.met)}>
      <p>{aim(target)}</p>
      <p className={styles.result}>
        {target.met === null
          ? t('target.nobody')
          : t(target.met ? 'target.met' : 'target.missed', {
              share: figure(target), reached: format.number(target.reached), of: format.number(target.of),
              over: t(`target.${over}`),
            })}
      </p>
    </div>
  );
}

/* A target needs time: `aims` are counted over a year or more, `kpis` in the period shown. */
export function Figures({ aims, over, kpis }: {
  aims: StageKpis | undefined; over: 'year' | 'always'; kpis: StageKpis | undefined;
}) {
  const { format } = useInfo();
  const figure = useFigure();
  return (
    <>
      {aims?.target && <TargetLine target={aims.target} over={over} />}
      {kpis && kpis.kpis.length > 0 && (
        <dl className={styles.kpis}>
          {kpis.kpis.map(kpi => (
            <div key={kpi.name} title={kpi.measure}>
              <dt>{format.kpi(kpi.name)}</dt>
              <dd>{figure(kpi)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
