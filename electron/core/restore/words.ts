import { formatBytes } from '../../../shared/format/bytes.ts'

/** Bytes for sentences of the core, which are English: "41.2 GB". */
export function bytesInWords(bytes: number): string {
  return formatBytes(bytes, 'decimal', 'en-US')
}

/** "a", "a and b", "a, b and c" */
export function listInWords(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** "1 disk", "3 disks" */
export function countInWords(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** A moment in the user's time zone: "2026-11-22 14:02". */
export function momentInWords(moment: Date | string): string {
  const date = typeof moment === 'string' ? new Date(moment) : moment
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}
