/* A chart, in front of ECharts. */

import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';

export type ChartOption = EChartsCoreOption;

/* What a chart can be asked for: its picture as a data address. */
export interface Picture { png(): string | Promise<string> }

/* `onPoint` is called with the item under the pointer, `onPlace` with the place of a click in
 * the chart's coordinates. */
export function Chart(props: {
  option: ChartOption;
  height: number;
  label: string;
  ref: Ref<Picture>;
  onPoint?: (data: unknown) => void;
  onPlace?: (x: number, y: number) => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<ECharts>();
  const handlers = useRef(props);
  handlers.current = props;

  useEffect(() => {
    let made: ECharts | undefined;
    let gone = false;
    const resized = new ResizeObserver(() => made?.resize());
    void import('./echarts').then(({ init }) => {
      if (gone || !element.current) return;
      made = init(element.current);
      made.on('click', item => handlers.current.onPoint?.(item.data));
      made.getZr().on('click', event => {
        const at = [event.offsetX, event.offsetY];
        if (!handlers.current.onPlace || !made!.containPixel('grid', at)) return;
        const [x, y] = made!.convertFromPixel('grid', at) as [number, number];
        handlers.current.onPlace(x, y);
      });
      resized.observe(element.current);
      setChart(made);
    });
    return () => {
      gone = true;
      resized.disconnect();
      made?.dispose();
    };
  }, []);

  useEffect(() => {
    chart?.setOption({ animation: false, ...props.option }, { notMerge: true, lazyUpdate: true });
  }, [chart, props.option]);

  useImperativeHandle(props.ref, () => ({
    png: () => chart!.getDataURL({
      type: 'png',
      pixelRatio: 2,
      backgroundColor: getComputedStyle(document.body).backgroundColor,
    }),
  }), [chart]);

  return (
    <div ref={element} role="img" aria-label={props.label} style={{ height: props.height }} />
  );
}
