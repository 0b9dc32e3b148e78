/* The customer's moves, newest first, each with the rule that made it and why it was true. */

import { useTranslation } from 'react-i18next';
import type { Move } from '../api';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import styles from './customer.module.css';
import { Why } from './why';

export function Moves({ moves }: { moves: Move[] }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <section aria-labelledby="moves">
      <h2 id="moves">{t('customer.moves')}</h2>
      <ol className={styles.moves} reversed>
        {moves.toReversed().map(move => (
          <li key={`${move.at} ${move.from}`}>
            <div className={styles.move}>
              <span className={styles.change}>
                {move.from !== null && <><StageName stage={move.from} /><span aria-label={t('customer.to')}>→</span></>}
                {move.to === null ? t('stage.out') : <StageName stage={move.to} />}
              </span>
              <time dateTime={move.at}>{format.moment(move.at)}</time>
            </div>
            {move.rule === null
              ? <p className={styles.note}>{t(move.to === null ? 'customer.left' : 'customer.came')}</p>
              : <details className={styles.why}>
                  <summary>
                    <span>{move.words}</span> <span className={styles.ask}>{t('why.ask')}</span>
                  </summary>
                  <code>{move.rule}</code>
                  <Why terms={move.why} />
                </details>}
          </li>
        ))}
      </ol>
    </section>
  );
}
