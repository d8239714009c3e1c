const rows = 20_000;
const cities = ['Lyon', 'Lille', 'Nantes', 'Québec', 'Genève'];

/** A file to import for those who have none at hand: orders that never were. */
export function createSampleCsv(): File {
  const lines = ['order,city,items,total'];
  for (let order = 1; order <= rows; order += 1) {
    const items = 1 + (order % 7);
    lines.push(`${order},${cities[order % cities.length] ?? ''},${items},${(items * 12.5).toFixed(2)}`);
  }
  return new File([`${lines.join('\n')}\n`], 'sample-orders.csv', { type: 'text/csv' });
}
