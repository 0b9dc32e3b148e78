/* The model's versions, and what any two of them have in difference. */

import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useDiff, useVersions, versionQuery, type Change, type Hunk, type Version } from '../api';
import { useInfo } from '../info';
import { link, useParams } from '../links';
import { Button, Select, Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import { Applying, useApply } from './apply';
import styles from './history.module.css';
import { ModelPage } from './page';

const SHOWN = 6;     /* changes of one version */

function Changes({ changes }: { changes: Change[] }) {
  const { t } = useTranslation();
  const more = changes.length - SHOWN;
  const name = (change: Change) =>
    [change.section, change.name].filter(Boolean).join(' ');
  return (
    <ul className={styles.changes}>
      {changes.slice(0, SHOWN).map((change, i) => (
        <li key={i} data-sign={change.sign}>
          <span role="img" aria-label={t(`history.sign.${change.sign}`)}>{change.sign}</span>{' '}
          <code>{name(change)}</code>
        </li>
      ))}
      {more > 0 && <li>{t('history.more', { count: more, n: more })}</li>}
    </ul>
  );
}

function Row({ version, live, chosen }: { version: Version; live: boolean; chosen: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <li className={styles.version} data-version={version.version} data-chosen={chosen || undefined}>
      <Link to={link('/model/history', { to: version.version })} aria-current={chosen || undefined}>
        <b>{t('history.version', { n: version.version })}</b>
        {live && <span className={styles.live}>{t('history.live')}</span>}
      </Link>
      <p>
        <time dateTime={version.applied}>{format.moment(version.applied)}</time>
        {version.author && <> · {version.author}</>}
      </p>
      {version.version > 1 && <Changes changes={version.changes} />}
    </li>
  );
}

/* Lines of both texts with their numbers; a sign says where a line stands. */
function HunkRows({ hunk }: { hunk: Hunk }) {
  const { t } = useTranslation();
  let from = hunk.from_line, to = hunk.to_line;
  return (
    <tbody>
      {hunk.lines.map((line, i) => (
        <tr key={i} data-sign={line.sign}>
          <td className={styles.at}>{line.sign === '+' ? '' : from++}</td>
          <td className={styles.at}>{line.sign === '-' ? '' : to++}</td>
          <td className={styles.sign}>
            {line.sign !== ' ' &&
              <span role="img" aria-label={t(`history.sign.${line.sign}`)}>{line.sign}</span>}
          </td>
          <td><pre>{line.text}</pre></td>
        </tr>
      ))}
    </tbody>
  );
}

function Diff({ from, to }: { from: number; to: number }) {
  const { t } = useTranslation();
  const diff = useDiff(from, to);
  if (diff.error) return <Failure error={diff.error} retry={() => void diff.refetch()} />;
  if (!diff.data) return <Skeleton height={240} />;
  if (!diff.data.length) return <p className={styles.note}>{t('history.same')}</p>;
  return (
    <div className={styles.diff} tabIndex={0} role="region"
      aria-label={t('history.diff', { from, to })}>
      {diff.data.map((hunk, i) => (
        <table key={i}>
          <caption>{t('history.line', { n: hunk.to_line || hunk.from_line })}</caption>
          <HunkRows hunk={hunk} />
        </table>
      ))}
    </div>
  );
}

/* Makes an earlier version the live one again, as the next version. */
function Revert({ version }: { version: number }) {
  const { t } = useTranslation();
  const { info } = useInfo();
  const text = useQuery(versionQuery(version));
  const apply = useApply();
  if (!text.data) return null;
  return (
    <div className={styles.revert}>
      <Button primary disabled={apply.running}
        onClick={() => apply.start({ text: text.data.text, version: info.model_version })}>
        {t('history.revert', { n: version })}
      </Button>
      <Applying apply={apply} />
    </div>
  );
}

export default function History() {
  const { t } = useTranslation();
  const { info } = useInfo();
  const [params, change] = useParams();
  const versions = useVersions();
  const live = info.model_version;
  const known = versions.data?.map(v => v.version) ?? [];
  const asked = (name: string) => {
    const n = Number(params.get(name));
    return known.includes(n) ? n : undefined;
  };
  const to = asked('to') ?? live;
  const from = asked('from') ?? Math.max(to - 1, 1);
  const choices = known.toReversed().map(n => ({
    value: String(n), label: t('history.version', { n }),
  }));

  /* A version that another reader applied is news here. */
  const { refetch } = versions;
  useEffect(() => { void refetch(); }, [live, refetch]);

  if (versions.error && !versions.data)
    return <ModelPage><Failure error={versions.error} retry={() => void versions.refetch()} /></ModelPage>;
  if (known.length === 1)
    return (
      <ModelPage>
        <p className={styles.note}>{t('history.only')}</p>
        <p><Link to={link('/model/edit')} className={styles.link}>{t('history.edit')}</Link></p>
      </ModelPage>
    );
  return (
    <ModelPage>
      <div className={styles.columns}>
        <ol className={styles.versions} reversed aria-label={t('history.versions')}>
          {versions.data
            ? versions.data.toReversed().map(version => (
                <Row key={version.version} version={version} live={version.version === live}
                  chosen={version.version === to} />
              ))
            : <li><Skeleton height={160} /></li>}
        </ol>
        <section aria-labelledby="difference" className={styles.difference}>
          <div className={styles.head}>
            <h2 id="difference">{t('history.difference')}</h2>
            <Select label={t('history.from')} value={String(from)} options={choices}
              onChange={n => change({ from: n, to })} />
            <span aria-hidden="true">→</span>
            <Select label={t('history.to')} value={String(to)} options={choices}
              onChange={n => change({ to: n, from })} />
          </div>
          {versions.data && <Diff from={from} to={to} />}
          {versions.data && to !== live && <Revert key={to} version={to} />}
        </section>
      </div>
    </ModelPage>
  );
}
