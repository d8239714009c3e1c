import { TimeSeries } from './time-series';

describe('values over time', () => {
  const at = (second: number): string => new Date(second * 1_000).toISOString();

  it('are kept to the bound, however many come', () => {
    const series = new TimeSeries({ maxPoints: 3 });
    for (let second = 1; second <= 1_000; second += 1) {
      series.add('cpu', at(second), second);
      series.add('heap', at(second), -second);
    }
    expect(series.columns()).toEqual([
      [998, 999, 1_000],
      [998, 999, 1_000],
      [-998, -999, -1_000],
    ]);
  });

  it('of the same time are one row, and those of a metric that is new leave the rows before empty', () => {
    const series = new TimeSeries({ maxPoints: 10 });
    series.add('cpu', at(1), 5);
    series.add('cpu', at(2), 6);
    series.add('heap', at(2), 7);
    expect(series.names()).toEqual(['cpu', 'heap']);
    expect(series.columns()).toEqual([
      [1, 2],
      [5, 6],
      [null, 7],
    ]);
  });

  it('are left out where they are older than what is shown, or no numbers', () => {
    const series = new TimeSeries({ maxPoints: 10 });
    series.add('cpu', at(2), 6);
    series.add('cpu', at(1), 5);
    series.add('cpu', at(3), Number.NaN);
    series.add('cpu', 'never', 1);
    expect(series.columns()).toEqual([[2], [6]]);
    expect(series.version()).toBe(1);
  });

  it('can be read as a table, the newest first, and the last of each metric by itself', () => {
    const series = new TimeSeries({ maxPoints: 10 });
    series.add('cpu', at(1), 5);
    series.add('heap', at(2), 7);
    expect(series.rows(5)).toEqual([
      { time: 2, values: [null, 7] },
      { time: 1, values: [5, null] },
    ]);
    expect(series.rows(1)).toEqual([{ time: 2, values: [null, 7] }]);
    expect([series.latest('cpu'), series.latest('heap'), series.latest('other')]).toEqual([5, 7, null]);
  });

  it('begin anew when they are cleared', () => {
    const series = new TimeSeries({ maxPoints: 10 });
    series.add('cpu', at(2), 6);
    series.clear();
    series.add('heap', at(1), 5);
    expect(series.columns()).toEqual([[1], [5]]);
    expect(series.names()).toEqual(['heap']);
  });
});
