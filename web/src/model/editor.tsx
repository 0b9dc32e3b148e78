/* A text with numbered lines and marks on some of them. It is a plain textarea, so that the
 * browser's own keys, spell checkers and screen readers work; numbers and marks are drawn for
 * the lines in sight only, so that a text of any length is light. */

import { useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import styles from './editor.module.css';
import { linesIn, offsetOf, type Place } from './places';

const LINE = 20;     /* pixels, as in the style sheet */
const PAD = 8;

export interface Mark extends Place { kind: 'error' | 'finding' }
export interface EditorHandle { go(place: Place): void }

/* A new line begins as deep as the one before; the browser can take it back. */
function newLine(event: KeyboardEvent<HTMLTextAreaElement>) {
  if (event.key !== 'Enter' || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey
    || event.nativeEvent.isComposing)
    return;
  const { value, selectionStart } = event.currentTarget;
  const line = value.slice(value.lastIndexOf('\n', selectionStart - 1) + 1, selectionStart);
  const depth = line.match(/^ *(- )?/)![0].length;
  if (depth && document.execCommand('insertText', false, '\n' + ' '.repeat(depth)))
    event.preventDefault();
}

export function Editor(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  marks: Mark[];
  describedBy: string;
  ref: Ref<EditorHandle>;
}) {
  const { value, marks } = props;
  const area = useRef<HTMLTextAreaElement>(null);
  const [seen, setSeen] = useState({ top: 0, left: 0, height: 600 });
  const lines = useMemo(() => linesIn(value), [value]);

  const look = () => {
    const { scrollTop: top, scrollLeft: left, clientHeight: height } = area.current!;
    setSeen(old => old.top === top && old.left === left && old.height === height
      ? old : { top, left, height });
  };
  useLayoutEffect(() => {
    const resized = new ResizeObserver(look);
    resized.observe(area.current!);
    return () => resized.disconnect();
  }, []);

  useImperativeHandle(props.ref, () => ({
    go(place) {
      const at = offsetOf(area.current!.value, place);
      area.current!.focus({ preventScroll: true });
      area.current!.setSelectionRange(at, at);
      area.current!.scrollTop = (place.line - 1) * LINE - area.current!.clientHeight / 3;
      area.current!.scrollIntoView({ block: 'nearest' });
    },
  }), []);

  const first = Math.max(1, Math.floor((seen.top - PAD) / LINE) + 1);
  const last = Math.min(lines, first + Math.ceil(seen.height / LINE) + 1);
  const top = (line: number) => PAD + (line - 1) * LINE - seen.top;
  const shown = marks.filter(mark => mark.line >= first && mark.line <= last);
  const kinds = new Map(marks.toReversed().map(mark => [mark.line, mark.kind]));
  return (
    <div className={styles.editor} data-error={marks.some(mark => mark.kind === 'error') || undefined}>
      <div className={styles.gutter} aria-hidden="true" style={{ width: `${String(lines).length + 2}ch` }}>
        {Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i).map(line => (
          <span key={line} data-mark={kinds.get(line)} style={{ top: top(line) }}>{line}</span>
        ))}
      </div>
      <div className={styles.field}>
        <div className={styles.marks} aria-hidden="true">
          {shown.map((mark, i) => (
            <div key={i} className={styles.band} data-mark={mark.kind} style={{ top: top(mark.line) }}>
              {mark.kind === 'error' &&
                <span style={{ left: `calc(${mark.column - 1}ch + ${PAD - seen.left}px)` }} />}
            </div>
          ))}
        </div>
        <textarea ref={area} value={value} wrap="off" spellCheck={false} autoCapitalize="off"
          autoComplete="off" autoCorrect="off" aria-label={props.label}
          aria-describedby={props.describedBy}
          aria-invalid={marks.some(mark => mark.kind === 'error')}
          onScroll={look} onKeyDown={newLine}
          onChange={event => props.onChange(event.currentTarget.value)} />
      </div>
    </div>
  );
}
