/** The curve as a picture: means over the seeds, joined, and bars of one deviation up and down. */
import * as echarts from 'echarts';
import { WAYS, type Way } from './results.js';
import type { CurveSet } from './sets.js';
import type { Summary } from './summaries.js';

const [WIDTH, HEIGHT] = [760, 480];
/** Told apart by colour-blind readers too (Okabe and Ito), and by their marks in grey. */
const STYLES: Readonly<
  Record<Way, { readonly colour: string; readonly symbol: string; readonly place: number }>
> = {
  'option 1': { colour: '#0072b2', symbol: 'circle', place: -1 },
  'option 2': { colour: '#d55e00', symbol: 'diamond', place: 0 },
  'from scratch': { colour: '#4d4d4d', symbol: 'rect', place: 1 },
};
/** Bars of the three stand side by side: each is this factor to the right of the one before. */
const APART = 1.03;
const TEXT = { fontFamily: 'Helvetica, Arial, sans-serif', color: '#222222' };

/** @returns an SVG document. */
export function drawCurve(rows: readonly Summary[], { title, scratch, backbone }: CurveSet): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    const counts = [...new Set(rows.map(({ count }) => count))].sort((a, b) => a - b);
    const lowest = Math.min(1, ...rows.map(({ mean, deviation }) => mean - deviation));
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: TEXT,
      title: {
        text: title,
        subtext: `${backbone.reference}; mean over the seeds, bars: one standard deviation`,
        left: 'center',
        textStyle: { ...TEXT, fontSize: 18 },
        subtextStyle: { ...TEXT, fontSize: 13 },
      },
      legend: {
        orient: 'horizontal',
        left: 'center',
        bottom: 6,
        itemGap: 26,
        itemWidth: 26,
        textStyle: { ...TEXT, fontSize: 12 },
        data: WAYS.map((way) => nameOf(way, scratch)),
      },
      grid: { left: 72, right: 28, top: 72, bottom: 88 },
      xAxis: {
        type: 'log',
        name: 'examples of each class',
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: { ...TEXT, fontSize: 14 },
        min: 0.8 * (counts[0] ?? 1),
        max: 1.25 * (counts.at(-1) ?? 1),
        axisLabel: { ...TEXT, fontSize: 14, customValues: counts },
        axisTick: { customValues: counts },
        splitLine: { show: false },
      },
      yAxis: {
        type: 'value',
        name: 'accuracy, %',
        nameLocation: 'middle',
        nameGap: 44,
        nameTextStyle: { ...TEXT, fontSize: 14 },
        min: Math.max(0, 10 * Math.floor(10 * lowest)),
        max: 100,
        axisLabel: { ...TEXT, fontSize: 14 },
        splitLine: { lineStyle: { color: '#e2e2e2' } },
      },
      series: WAYS.flatMap((way) => seriesOf(way, nameOf(way, scratch), rows)),
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

function nameOf(way: Way, scratch: string): string {
  const names = {
    'option 1': 'option 1: new output layer',
    'option 2': 'option 2: all layers',
    'from scratch': scratch,
  };
  return names[way];
}

function seriesOf(way: Way, name: string, rows: readonly Summary[]): echarts.SeriesOption[] {
  const { colour, symbol, place } = STYLES[way];
  const own = rows.filter((row) => row.way === way).sort((a, b) => a.count - b.count);
  const at = ({ count }: Summary) => count * APART ** place;
  return [
    {
      type: 'line',
      name,
      color: colour,
      symbol,
      symbolSize: 9,
      lineStyle: { width: 2.5 },
      data: own.map((row) => [at(row), 100 * row.mean]),
    },
    {
      type: 'custom',
      name,
      color: colour,
      data: own.map((row) => [at(row), 100 * (row.mean - row.deviation), 100 * (row.mean + row.deviation)]),
      renderItem: (_, api) => {
        const [x = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
        const [, high = 0] = api.coord([api.value(0), Math.min(100, Number(api.value(2)))]);
        const line = (x1: number, y1: number, x2: number, y2: number) => ({
          type: 'line' as const,
          shape: { x1, y1, x2, y2 },
          style: { stroke: colour, lineWidth: 1.5 },
        });
        const children = [
          line(x, low, x, high),
          line(x - 4, low, x + 4, low),
          line(x - 4, high, x + 4, high),
        ];
        return { type: 'group', children };
      },
    },
  ];
}
