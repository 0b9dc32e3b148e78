/* How dark a cell is: from next to nothing up to the greatest of them, never so dark that the page's
 * ink could not be read on it. */

const DARKEST = 46;

export const heat = (value: number, greatest: number, colour = 'var(--accent)') => {
  const part = greatest > 0 ? Math.min(Math.max(value / greatest, 0), 1) : 0;
  return value > 0
    ? `color-mix(in srgb, ${colour} ${(3 + part * (DARKEST - 3)).toFixed(1)}%, var(--paper))`
    : 'var(--paper-2)';
};
