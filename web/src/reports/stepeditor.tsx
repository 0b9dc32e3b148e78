/* The steps of a funnel: added, taken away, put in another order, by mouse and by keys. */

import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Fault } from '../api';
import { Button, IconButton } from '../ui/controls';
import { Cross, Down, Plus, Up } from '../ui/icons';
import { TextField } from './controls';
import { STEPS_MAX, stepsOf } from './steps';
import styles from './funnel.module.css';

/* `text` is what was asked; what is wrong with it is shown at its step. */
export function StepEditor({ text, events, fault, onChange }: {
  text: string; events: string[]; fault: Fault | undefined; onChange: (text: string) => void;
}) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const focus = useRef<number | null>(null);
  const [adding, setAdding] = useState(false);
  const steps = stepsOf(text);
  const all = steps.map(step => step.text);
  const column = (fault?.column ?? 1) - 1;
  const wrong = fault && Math.max(0, steps.findLastIndex(step => step.from <= column));

  /* A step that is put elsewhere keeps the keyboard. */
  useEffect(() => {
    if (focus.current === null) return;
    list.current?.querySelectorAll<HTMLInputElement>('input')[focus.current]?.focus();
    focus.current = null;
  });
  const say = (next: string[]) => onChange(next.filter(Boolean).join(', '));
  const set = (i: number, step: string) => {
    setAdding(false);
    say(i < all.length ? all.with(i, step.trim()) : [...all, step.trim()]);
  };
  const move = (i: number, by: -1 | 1) => {
    const to = i + by;
    if (i >= all.length || to < 0 || to >= all.length) return;
    focus.current = to;
    say(all.with(i, all[to]!).with(to, all[i]!));
  };
  const remove = (i: number) => {
    if (i >= all.length) return setAdding(false);
    focus.current = Math.min(i, all.length - 2);
    say(all.filter((_, k) => k !== i));
  };
  const keys = (i: number) => (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    move(i, event.key === 'ArrowUp' ? -1 : 1);
  };
  const rows = adding || all.length === 0 ? [...all, ''] : all;
  return (
    <div className={styles.editor} role="group" aria-label={t('funnel.steps')}>
      <datalist id="events">{events.map(name => <option key={name} value={name} />)}</datalist>
      <ol ref={list}>
        {rows.map((step, i) => (
          <li key={i} className={styles.step} onKeyDown={keys(i)} data-step={i + 1}>
            <span className={styles.place} aria-hidden="true">{i + 1}</span>
            <TextField label={t('funnel.step', { n: i + 1 })} value={step} list="events"
              placeholder={t('funnel.stepLike')} onCommit={value => set(i, value)} title={t('funnel.keys')}
              fault={wrong === i ? { ...fault!, column: column - steps[i]!.from + 1 } : undefined} />
            <span className={styles.buttons}>
              <IconButton label={t('funnel.up', { n: i + 1 })} disabled={i === 0 || i >= all.length} onClick={() => move(i, -1)}><Up /></IconButton>
              <IconButton label={t('funnel.down', { n: i + 1 })} disabled={i >= all.length - 1} onClick={() => move(i, 1)}><Down /></IconButton>
              <IconButton label={t('funnel.remove', { n: i + 1 })} disabled={rows.length === 1} onClick={() => remove(i)}><Cross /></IconButton>
            </span>
          </li>
        ))}
      </ol>
      <p>
        <Button icon={<Plus />} disabled={rows.length > all.length || all.length >= STEPS_MAX} onClick={() => {
          setAdding(true);
          focus.current = all.length;
        }}>{t('funnel.add')}</Button>
      </p>
    </div>
  );
}
