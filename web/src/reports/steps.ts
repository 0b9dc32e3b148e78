/* The steps of a funnel, as one text with commas between: the server reads it so. */

/* Each step, and where it begins in the text; commas within brackets and quotes divide nothing. */
export function stepsOf(text: string): { text: string; from: number }[] {
  const found: { text: string; from: number }[] = [];
  let depth = 0, quote = '', from = 0;
  const end = (to: number) => {
    const part = text.slice(from, to), step = part.trim();
    if (step) found.push({ text: step, from: from + part.indexOf(step) });
    from = to + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    else if (c === ',' && depth <= 0) end(i);
  }
  end(text.length);
  return found;
}

export const STEPS_MAX = 16;
