// Roles of the treegrid's parts. The parts are blocks, not a <table>: only rows near the viewport exist, so a table's
// own layout cannot place them.

/** The grid; `count` is the number of all its rows, rendered or not. */
export function treegrid(count: number) {
  return {
    role: 'treegrid',
    'aria-label': 'Restore points',
    'aria-multiselectable': true,
    'aria-rowcount': count,
  } as const
}

export const rowgroup = { role: 'rowgroup' } as const

/** A row by its number in the whole grid, counted from 1. */
export function row(index: number, level: 1 | 2 = 1) {
  return { role: 'row', 'aria-rowindex': index, 'aria-level': level } as const
}

export function head() {
  return { role: 'row', 'aria-rowindex': 1 } as const
}

export const cell = { role: 'gridcell' } as const
/** A cell in the place of two. */
export const wideCell = { role: 'gridcell', 'aria-colspan': 2 } as const
export const columnHeader = { role: 'columnheader' } as const
export const spacer = { role: 'presentation' } as const
