/* Which events, properties and traits a question may name. */

import { useDictionary, type KnownEvent } from '../api';

/* As a rule names it: words that are not one name stand in backquotes. */
export const named = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``);

/* The type of event of a pattern: what stands in front of "where". */
const typeOf = (pattern: string) => pattern.match(/^\s*(?:`([^`]*)`|([^\s`]+))/)?.slice(1).find(Boolean);

const summed = (type: string) => type === 'money' || type === 'number';

/* What is likely meant: the type that came most often, of those that bring money, or a number. */
function usual(events: KnownEvent[]) {
  const rank = (event: KnownEvent) => event.properties.some(p => p.type === 'money') ? 2
    : event.properties.some(p => p.type === 'number') ? 1 : 0;
  return events.filter(event => event.count > 0)
    .toSorted((a, b) => rank(b) - rank(a) || b.count - a.count)[0];
}

export function useKnown() {
  const known = useDictionary().data;
  const events = known?.events ?? [];
  /* What can be summed of the events that a pattern means. */
  const sums = (pattern: string) => {
    const type = typeOf(pattern);
    const all = events.filter(event => type === 'any' || event.name === type)
      .flatMap(event => event.properties.filter(p => summed(p.type)));
    return [...new Map(all.map(p => [p.name, p])).values()]
      .toSorted((a, b) => Number(b.type === 'money') - Number(a.type === 'money') || b.count - a.count);
  };
  return {
    ready: known !== undefined,
    events,
    usual: usual(events),
    moments: (known?.traits ?? []).filter(trait => trait.type === 'moment').map(trait => `trait.${named(trait.name)}`),
    sums,
    typeOfSum: (pattern: string, value: string | undefined) =>
      sums(pattern).find(property => named(property.name) === value)?.type,
  };
}
