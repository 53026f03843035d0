export const chartStrings = {
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  resetZoom: 'Show everything',
  showTable: (title: string) => `${title}: values as a table`,
  tableTitle: (title: string) => `${title}: values`,
  position: (title: string) => `${title}: position`,
  noValues: 'No values yet',
  /** What a screen reader says of a position: 'Step 1,200: loss 1.2, smoothed 1.3'. */
  reading: (xName: string, x: string, values: readonly string[]) => `${xName} ${x}: ${values.join(', ')}`,
  keys: 'Arrow keys move the cursor, Shift with arrow keys the section; plus and minus zoom, 0 shows everything.',
  line: 'Line',
  latest: 'Latest',
  lowest: 'Lowest',
  highest: 'Highest',
  /** A value and where it is. */
  valueAt: (value: string, xName: string, x: string) => `${value} (${xName.toLowerCase()} ${x})`,
  thinned: (rows: number) => `${rows} positions spread over what the chart shows.`,
  summary: 'Summary',
  none: '–',
  close: 'Close',
}
