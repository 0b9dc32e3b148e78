/* How charts are written: the page's type and colours, which canvas can't inherit. */

import { useMemo } from 'react';
import { useScheme } from './theme';

export function useChartLook() {
  const scheme = useScheme();
  return useMemo(() => {
    const dark = scheme === 'dark';
    const ink = dark ? '#eceef0' : '#16191d';
    const dim = dark ? '#aeb4bc' : '#545b64';
    const line = dark ? '#32363c' : '#e3e6ea';
    const paper = dark ? '#17191c' : '#ffffff';
    const text = { color: ink, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13 };
    return {
      text,
      dim: { ...text, color: dim, fontSize: 12 },
      line,
      paper,
      accent: dark ? '#91a7ff' : '#3b5bdb',
      faint: dark ? '#949ba4' : '#6b727b',
      tooltip: {
        renderMode: 'richText', confine: true, transitionDuration: 0,
        backgroundColor: paper, borderColor: line, textStyle: text, padding: [6, 10],
      },
    };
  }, [scheme]);
}
