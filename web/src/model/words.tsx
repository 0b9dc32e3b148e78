/* The model in words: its stages, the moves between them, and the segments. */

import { useTranslation } from 'react-i18next';
import { useSegmentSize, useStages, type Rule, type Segment } from '../api';
import { useInfo } from '../info';
import { link, useAt } from '../links';
import styles from './words.module.css';
import { ModelPage } from './page';
import { StageName } from '../stagename';
import { Failure, Link } from '../ui/page';

function SegmentRow({ segment, at, asked }: { segment: Segment; at: string; asked: string | undefined }) {
  const { format, lifecycle } = useInfo();
  const size = useSegmentSize(segment.name, at, lifecycle);
  return (
    <li className={styles.rule}>
      <div className={styles.who}>
        <Link to={link('/customers', { at: asked, segment: segment.name })}>
          <b>{format.segment(segment.name)}</b>
        </Link>
        <span className={styles.number}>
          {size.data !== undefined && (
            <Link to={link('/customers', { at: asked, segment: segment.name })}
              aria-label={`${format.segment(segment.name)}: ${format.number(size.data)}`}>
              {format.number(size.data)}
            </Link>
          )}
        </span>
      </div>
      <div>
        {segment.description && <p>{format.description(segment.description)}</p>}
        <p>{segment.words}</p>
        <code>{segment.when}</code>
      </div>
    </li>
  );
}

export default function ModelWords() {
  const { t } = useTranslation();
  const { info, format, lifecycle } = useInfo();
  const { at, asked: askedAt } = useAt();
  const asked = askedAt ?? undefined;
  const stages = useStages(at, undefined, lifecycle);
  const inStage = (name: string) => stages.data?.stages.find(s => s.stage === name)?.customers;
  const moved = (from: string, to: string) =>
    stages.data?.moves.find(m => m.from === from && m.to === to)?.customers ?? 0;
  /* "any" is every stage but the target. */
  const sources = (rule: Rule) => rule.from === 'any'
    ? info.lifecycle.stages.map(s => s.name).filter(name => name !== rule.to)
    : rule.from;

  if (stages.error && !stages.data)
    return <Failure error={stages.error} retry={() => void stages.refetch()} />;
  return (
    <ModelPage note={t('model.counted', { day: format.day(at) })}>
      <div className={styles.model}>
        <section aria-labelledby="stages">
          <h2 id="stages">{t('model.stages')}</h2>
          <ol className={styles.list}>
            {info.lifecycle.stages.map(stage => {
              const n = inStage(stage.name);
              return (
                <li key={stage.name} className={styles.rule}>
                  <div className={styles.who}>
                    <Link to={link('/customers', { at: asked, stage: stage.name })}>
                      <StageName stage={stage.name} />
                    </Link>
                    <span className={styles.number}>
                      {n !== undefined && (
                        <Link to={link('/customers', { at: asked, stage: stage.name })}
                          aria-label={`${format.stage(stage.name)}: ${format.number(n)}`}>
                          {format.number(n)}
                        </Link>
                      )}
                    </span>
                  </div>
                  <div>
                    {stage.goal && <p>{t('stage.goal', { goal: format.goal(stage.goal) })}</p>}
                    {stage.name === info.lifecycle.start && <p className={styles.note}>{t('model.start')}</p>}
                    {stage.end && <p className={styles.note}>{t('model.end')}</p>}
                  </div>
                </li>
              );
            })}
          </ol>
        </section>

        <section aria-labelledby="moves">
          <h2 id="moves">{t('model.moves')}</h2>
          <p className={styles.note}>{t('model.order')}</p>
          <ol className={styles.list}>
            {info.lifecycle.moves.map((rule, i) => (
              <li key={i} className={styles.rule}>
                <div>
                  <div className={styles.to}>→ <StageName stage={rule.to} /></div>
                  <ul className={styles.sources} aria-label={t('model.from')}>
                    {sources(rule).map(from => (
                      <li key={from}>
                        <Link to={link('/customers', { at: asked, move_from: from, move_to: rule.to })}>
                          <StageName stage={from} />
                          <span className={styles.number}>{format.number(moved(from, rule.to))}</span>
                        </Link>
                      </li>
                    ))}
                  </ul>
                </div>
                <div>
                  <p>{rule.words}</p>
                  <code>{rule.when}</code>
                </div>
              </li>
            ))}
          </ol>
        </section>

        <section aria-labelledby="segments">
          <h2 id="segments">{t('model.segments')}</h2>
          {info.segments.length
            ? <ul className={styles.list}>
                {info.segments.map(segment => (
                  <SegmentRow key={segment.name} segment={segment} at={at} asked={asked} />
                ))}
              </ul>
            : <p className={styles.note}>{t('segments_page.none')}</p>}
        </section>
      </div>
    </ModelPage>
  );
}
