// Sizes and rates in words (ux.md 4, "Numbers"): three significant digits, decimal units like Finder or binary ones
// like qemu-img, a non-breaking space before the unit. Pure: every host words sizes the same way.
import { numberFormat } from './formatters.ts'

export type Units = 'decimal' | 'binary'

interface Scale {
  readonly step: number
  readonly symbols: readonly string[]
  readonly spoken: readonly string[]
}

const scales: Record<Units, Scale> = {
  decimal: {
    step: 1000,
    symbols: ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'],
    spoken: ['bytes', 'kilobytes', 'megabytes', 'gigabytes', 'terabytes', 'petabytes'],
  },
  binary: {
    step: 1024,
    symbols: ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'],
    spoken: ['bytes', 'kibibytes', 'mebibytes', 'gibibytes', 'tebibytes', 'pebibytes'],
  },
}

const nonBreakingSpace = '\u00a0'

/** Largest unit in which the value, rounded to three digits, is at least 1 and below the next unit. */
function unitIndex(bytes: number, scale: Scale): number {
  let index = 0
  let value = bytes
  while (index < scale.symbols.length - 1 && Math.round(value) >= scale.step) {
    value /= scale.step
    index += 1
  }
  if (index > 0 && index < scale.symbols.length - 1 && Number(value.toPrecision(3)) >= scale.step) index += 1
  return index
}

function digits(bytes: number, scale: Scale, index: number, locale: string | undefined): string {
  if (index === 0) return numberFormat(locale, { maximumFractionDigits: 0 }).format(bytes)
  const value = bytes / scale.step ** index
  const places = value === 0 ? 0 : value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return numberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value)
}

function symbol(scale: Scale, index: number, shown: string): string {
  return index === 0 && shown === '1' ? 'byte' : (scale.symbols[index] ?? 'bytes')
}

/** "4.03 GB", "640 MB", "0 bytes". */
export function formatBytes(bytes: number, units: Units = 'decimal', locale?: string): string {
  const scale = scales[units]
  const index = unitIndex(bytes, scale)
  const shown = digits(bytes, scale, index, locale)
  return `${shown}${nonBreakingSpace}${symbol(scale, index, shown)}`
}

/** "4.03 of 9.60 GB": both numbers in the unit of the whole. */
export function formatBytesOf(part: number, whole: number, units: Units = 'decimal', locale?: string): string {
  const scale = scales[units]
  const index = unitIndex(Math.max(part, whole), scale)
  const shown = digits(whole, scale, index, locale)
  return `${digits(part, scale, index, locale)} of ${shown}${nonBreakingSpace}${symbol(scale, index, shown)}`
}

/** One number of a pair in the unit of the other, with that unit: "0.91 GB" beside "9.60 GB". */
export function formatBytesLike(bytes: number, like: number, units: Units = 'decimal', locale?: string): string {
  const scale = scales[units]
  const index = unitIndex(Math.max(bytes, like), scale)
  const shown = digits(bytes, scale, index, locale)
  return `${shown}${nonBreakingSpace}${symbol(scale, index, shown)}`
}

/** For tooltips: every byte, and the size in the other unit. "4,030,000,000 bytes, 3.75 GiB" */
export function formatExactBytes(bytes: number, units: Units = 'decimal', locale?: string): string {
  const other = formatBytes(bytes, units === 'decimal' ? 'binary' : 'decimal', locale)
  const exact = numberFormat(locale, { maximumFractionDigits: 0 }).format(bytes)
  return `${exact}${nonBreakingSpace}bytes, ${other}`
}

/** "186 MB/s" */
export function formatRate(bytesPerSecond: number, units: Units = 'decimal', locale?: string): string {
  if (bytesPerSecond < 1) return `0${nonBreakingSpace}${units === 'decimal' ? 'MB' : 'MiB'}/s`
  return `${formatBytes(bytesPerSecond, units, locale)}/s`
}

/** For screen readers: "1.2 gigabytes", without zeros that only align columns. */
export function speakBytes(bytes: number, units: Units = 'decimal', locale?: string): string {
  const scale = scales[units]
  const index = unitIndex(bytes, scale)
  const value = Number((bytes / scale.step ** index).toPrecision(3))
  const shown = numberFormat(locale, { maximumFractionDigits: 2 }).format(value)
  const name = scale.spoken[index] ?? 'bytes'
  return `${shown} ${value === 1 ? name.slice(0, -1) : name}`
}

/** For screen readers: "4.03 of 9.6 gigabytes". */
export function speakBytesOf(part: number, whole: number, units: Units = 'decimal', locale?: string): string {
  const scale = scales[units]
  const index = unitIndex(Math.max(part, whole), scale)
  const number = (value: number) =>
    numberFormat(locale, { maximumFractionDigits: 2 }).format(value / scale.step ** index)
  return `${number(part)} of ${number(whole)} ${scale.spoken[index] ?? 'bytes'}`
}
