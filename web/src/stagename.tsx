import { useInfo } from './info';
import styles from './stagename.module.css';

/* A stage's name with its colour. */
export function StageName({ stage }: { stage: string | null }) {
  const { format, colour } = useInfo();
  return (
    <span className={styles.stage}>
      <span className={styles.dot}
        style={{ background: stage === null ? 'var(--line)' : colour(stage) }} />
      {format.stage(stage)}
    </span>
  );
}
