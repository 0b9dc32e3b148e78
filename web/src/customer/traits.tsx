/* What is known of a customer: each trait as it stands, and who said what, and when. */

import { useTranslation } from 'react-i18next';
import type { Customer, TraitHistory, TraitTold } from '../api';
import { useInfo } from '../info';
import styles from './customer.module.css';

function Told({ told }: { told: TraitTold }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const value = told.value === null ? t('told.removed') : format.value(told.value);
  const from = format.day(told.at), to = format.day(told.last);
  return (
    <li>
      {told.stands ? <b>{value}</b> : <span>{value}</span>}
      <span>
        {told.source ?? t('told.nobody')} · {from === to ? from : t('told.span', { from, to })}
      </span>
    </li>
  );
}

function History({ trait }: { trait: TraitHistory }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { keep, told, told_total: total } = trait;
  return (
    <details className={styles.told}>
      <summary>{t(trait.conflict ? 'told.conflict' : 'told.history')}</summary>
      <p>{Array.isArray(keep) ? t('told.sources', { sources: keep.join(', ') }) : t(`told.${keep}`)}</p>
      <ol>
        {told.map(one => <Told key={`${one.event} ${one.at}`} told={one} />)}
      </ol>
      {told.length < total && <p>{t('told.some', { n: format.number(told.length), all: format.number(total) })}</p>}
    </details>
  );
}

export function Traits({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const known = customer.trait_history.filter(trait => trait.value !== null || trait.conflict);
  return (
    <section aria-labelledby="traits">
      <h2 id="traits">{t('customer.traits')}</h2>
      {known.length
        ? <dl className={styles.traits}>
            {known.map(trait => (
              <div key={trait.name} data-trait={trait.name}>
                <dt>{format.fact(trait.name)}</dt>
                <dd>
                  {format.value(trait.value)}
                  {(trait.told_total > 1 || trait.source !== null) && <History trait={trait} />}
                </dd>
              </div>
            ))}
          </dl>
        : <p className={styles.note}>{t('customer.noTraits')}</p>}
    </section>
  );
}
