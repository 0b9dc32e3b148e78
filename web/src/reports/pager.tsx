/* Which of many rows or columns a table shows. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { IconButton } from '../ui/controls';
import { Left, Right } from '../ui/icons';

export function Pager({ what, from, size, total, onChange }: {
  what: 'rows' | 'columns'; from: number; size: number; total: number; onChange: (from: number) => void;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  if (total <= size) return null;
  const to = Math.min(from + size, total);
  return (
    <div role="group" aria-label={t(`pager.${what}`)}>
      <IconButton label={t(`pager.${what}Before`)} disabled={from === 0}
        onClick={() => onChange(Math.max(from - size, 0))}><Left /></IconButton>
      <span>{t(`pager.${what}Shown`, {
        from: format.number(from + 1), to: format.number(to), n: format.number(total),
      })}</span>
      <IconButton label={t(`pager.${what}After`)} disabled={to === total}
        onClick={() => onChange(to)}><Right /></IconButton>
    </div>
  );
}
