/* The model's text: checked while one types, tried on the whole past, applied. */

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCheck, versionQuery, type Check, type Fault, type Finding } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Button, Field, Skeleton } from '../ui/controls';
import { Failure, Link, Words } from '../ui/page';
import { Applying, keepAuthor, keptAuthor, useApply } from './apply';
import { DataCheck, useDataCheck } from './datacheck';
import { Difference } from './difference';
import { keepDraft, useDraft, type Draft } from './draft';
import styles from './edit.module.css';
import { Editor, type EditorHandle, type Mark } from './editor';
import { ModelPage } from './page';
import { lineOf, type Place } from './places';

/* The line that is wrong with a caret below the place, and what is wrong. */
function FaultBox({ fault, text, go }: { fault: Fault; text: string; go: (place: Place) => void }) {
  const { t } = useTranslation();
  const place = fault.line ? { line: fault.line, column: fault.column ?? 1 } : null;
  return (
    <div className={styles.fault}>
      {place && (
        <>
          <button type="button" onClick={() => go(place)}>
            {t('edit.at', { line: place.line, column: place.column })}
          </button>
          <pre aria-hidden="true">{lineOf(text, place.line).trimEnd()}{'\n'}{' '.repeat(place.column - 1)}<b>^</b></pre>
        </>
      )}
      <p><Words text={fault.message} /></p>
    </div>
  );
}

function Verdict({ check, findings, text, go }: {
  check: Check | undefined; findings: Finding[]; text: string; go: (place: Place) => void;
}) {
  const { t } = useTranslation();
  if (!check) return <Skeleton height={48} />;
  if (check.error) return <FaultBox fault={check.error} text={text} go={go} />;
  const counts = [
    t('edit.stages', { count: check.stages }), t('edit.moves', { count: check.moves }),
    t('edit.segments', { count: check.segments }),
  ];
  return (
    <>
      <p className={styles.right}>{t('edit.right', { counts: counts.join(', ') })}</p>
      {findings.length > 0 && (
        <>
          <h3>{t('edit.findings', { count: findings.length })}</h3>
          <ul className={styles.findings}>
            {findings.map((finding, i) => (
              <li key={i}>
                <button type="button" onClick={() => go(finding)}>
                  {t('edit.line', { line: finding.line })}
                </button>
                <Words text={finding.text} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Editing({ draft, live }: { draft: Draft; live: string }) {
  const { t } = useTranslation();
  const { info } = useInfo();
  const editor = useRef<EditorHandle>(null);
  const [author, setAuthor] = useState(keptAuthor);
  const [still] = useDebouncedValue(draft.text, 400);
  const check = useCheck(still);
  const verdict = useId();
  const apply = useApply(version => keepDraft({ text: draft.text, version }));
  /* A verdict stands for the text that it was given. */
  const known = !check.isPlaceholderData && still === draft.text ? check.data : undefined;
  const shown = check.data;
  const data = useDataCheck(draft.text);
  const findings = data.findings ?? shown?.findings ?? [];
  const changed = draft.text !== live || draft.version !== info.model_version;
  const behind = draft.version < info.model_version && !apply.running;
  const go = (place: Place) => editor.current?.go(place);
  const marks: Mark[] = shown
    ? shown.error?.line
      ? [{ kind: 'error', line: shown.error.line, column: shown.error.column ?? 1 }]
      : findings.map(finding => ({ ...finding, kind: 'finding' }))
    : [];
  const begin = () => {
    keepAuthor(author);
    void apply.start({ text: draft.text, version: draft.version });
  };

  return (
    <>
      <div className={styles.columns}>
        <Editor ref={editor} label={t('edit.label')} value={draft.text} marks={marks} describedBy={verdict}
          onChange={text => keepDraft({ ...draft, text })} />
        <aside className={styles.side}>
          {behind && (
            <div className={styles.behind} role="alert">
              <p>{t('edit.behind', { mine: draft.version, live: info.model_version })}</p>
              <p>
                <Link to={link('/model/history', { from: draft.version, to: info.model_version })}>
                  {t('edit.seeBehind')}
                </Link>
              </p>
              <Button onClick={() => keepDraft({ ...draft, version: info.model_version })}>
                {t('edit.over', { n: info.model_version })}
              </Button>
            </div>
          )}
          <section aria-label={t('edit.check')}>
            <div role="status" id={verdict} data-ok={known?.ok} className={styles.verdict}>
              {check.error
                ? <Failure error={check.error} retry={() => void check.refetch()} />
                : <Verdict check={shown} findings={findings} text={still} go={go} />}
            </div>
            <DataCheck data={data} ready={!!known?.ok && !apply.running} />
          </section>
          <section aria-label={t('edit.apply')} className={styles.apply}>
            <Field label={t('edit.author')} placeholder={t('edit.author')} value={author}
              onChange={setAuthor} />
            <div className={styles.buttons}>
              <Button primary disabled={!changed || behind || !known?.ok || apply.running} onClick={begin}>
                {t('edit.apply')}
              </Button>
              <Button disabled={!changed || apply.running} onClick={() => keepDraft(null)}>
                {t('edit.discard')}
              </Button>
            </div>
            {!changed && <p className={styles.note}>{t('edit.unchanged', { n: info.model_version })}</p>}
            <Applying apply={apply} />
          </section>
        </aside>
      </div>
      <Difference draft={draft} ready={!!known?.ok && changed} />
    </>
  );
}

export default function Edit() {
  const { info } = useInfo();
  const kept = useDraft();
  const live = useQuery({ ...versionQuery(info.model_version), placeholderData: keepPreviousData });
  /* Until something is changed, the draft is the live text. */
  const draft = kept ?? (live.data ? { text: live.data.text, version: live.data.version } : null);
  return (
    <ModelPage>
      {live.error ? <Failure error={live.error} retry={() => void live.refetch()} />
        : draft && live.data ? <Editing draft={draft} live={live.data.text} />
        : <Skeleton height={480} />}
    </ModelPage>
  );
}
