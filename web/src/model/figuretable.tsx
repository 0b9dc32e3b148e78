/* The stages' targets and key figures with both models, over the whole time that was tried. */

import { useMediaQuery } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { Backtest, Figure, Target } from '../api';
import { useAim, useFigure } from '../board/figures';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import { SaveMenu } from '../ui/figure';
import styles from './difference.module.css';
import { keyOf, pairsOf, type Pair } from './pairs';

const sides = ['old', 'new'] as const;

/* What each model counts; one text when they count the same. */
const both = (old: string | undefined, now: string | undefined) =>
  [...new Set([old, now].filter(text => text !== undefined))].join(' → ');

function What({ pair }: { pair: Pair }) {
  const { format } = useInfo();
  const aim = useAim();
  if (pair.kind === 'target')
    return both(pair.old ? aim(pair.old) : undefined, pair.new ? aim(pair.new) : undefined);
  const measure = both(pair.old?.measure, pair.new?.measure);
  return (
    <>
      <span title={measure}>{format.kpi(pair.name)}</span>
      {pair.old && pair.new && pair.old.measure !== pair.new.measure &&
        <code className={styles.measure}>{measure}</code>}
    </>
  );
}

/* `beside` is what the other model gives: what reads the same does not differ. */
function Value({ of, beside }: { of: Figure | Target | null; beside?: Figure | null }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const figure = useFigure();
  const shown = (one: Figure | null) => (one ? figure(one) : '–');
  return (
    <td className={styles.figure} data-differs={(beside !== undefined && shown(of) !== shown(beside)) || undefined}>
      {shown(of)}
      {of && 'met' in of && of.met !== null &&
        <span className={styles.met} data-met={of.met}>{t(of.met ? 'figures.met' : 'figures.missed')}</span>}
      {of && <span className={styles.cases}>{t('figures.of', { n: format.number(of.of) })}</span>}
    </td>
  );
}

export function FigureTable({ result }: { result: Backtest }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery('(max-width: 640px)');
  const stages = result.stages.map(stage => ({ stage: stage.stage, pairs: pairsOf(stage) }))
    .filter(({ pairs }) => pairs.length > 0);
  if (!stages.length) return null;
  return (
    <section aria-labelledby="figures">
      <div className={styles.titled}>
        <h3 id="figures">{t('figures.title')}</h3>
        <SaveMenu file="backtest-figures" rows={() => [
          ['stage', 'figure', ...sides.flatMap(s => [`${s} measure`, `${s} unit`, `${s} value`, `${s} of`])],
          ...stages.flatMap(({ stage, pairs }) => pairs.map(pair => [
            stage, keyOf(pair),
            ...sides.flatMap(s => {
              const one = pair[s];
              return one
                ? ['measure' in one ? one.measure : `${one.rate} to ${one.to.join(' or ')} within ${one.within}`,
                    one.unit, one.value ?? '', one.of]
                : ['', '', '', ''];
            }),
          ])),
        ]} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="figures">
        <table className={styles.table}>
          <thead>
            <tr>
              {!narrow && <th scope="col">{t('list.stage')}</th>}
              <th scope="col" className={styles.left}>{t('months.measure')}</th>
              {sides.map(s => <th key={s} scope="col">{t(`difference.${s}`)}</th>)}
            </tr>
          </thead>
          {stages.map(({ stage, pairs }) => (
            <tbody key={stage}>
              {narrow && <tr><th scope="rowgroup" colSpan={3}><StageName stage={stage} /></th></tr>}
              {pairs.map((pair, i) => (
                <tr key={keyOf(pair)} data-figure={`${stage} ${keyOf(pair)}`}>
                  {!narrow && i === 0 && <th scope="rowgroup" rowSpan={pairs.length}><StageName stage={stage} /></th>}
                  <th scope="row" className={styles.what}><What pair={pair} /></th>
                  <Value of={pair.old} />
                  <Value of={pair.new} beside={pair.old} />
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </section>
  );
}
