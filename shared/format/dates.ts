// Moments in words (ux.md 4, "Time"): Today 14:02, Yesterday, Friday, 9 Nov, 9 Nov 2025. `now` is always a parameter,
// so that a list that stays open over midnight can be worded anew and tests own the clock. Pure.
import { dateFormat } from './formatters.ts'

export interface DateStyle {
  readonly now: Date
  /** Decides 12 or 24 hours and the order of day and month; the system's when left out. */
  readonly locale?: string | undefined
  /** IANA name; the system's when left out. */
  readonly timeZone?: string | undefined
}

type Moment = Date | string

function dateOf(moment: Moment): Date {
  return typeof moment === 'string' ? new Date(moment) : moment
}

function format(moment: Date, style: DateStyle, options: Intl.DateTimeFormatOptions): string {
  return dateFormat(style.locale, {
    ...options,
    ...(style.timeZone === undefined ? {} : { timeZone: style.timeZone }),
  }).format(moment)
}

/** The calendar day in the style's time zone as YYYY-MM-DD: points of one day share it. */
export function dayKey(moment: Moment, style: DateStyle): string {
  return dateFormat('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    ...(style.timeZone === undefined ? {} : { timeZone: style.timeZone }),
  }).format(dateOf(moment))
}

/** Calendar days from `moment` to now; negative when it lies in the future. */
function daysAgo(moment: Date, style: DateStyle): number {
  const day = (key: string) => Date.parse(`${key}T00:00:00Z`) / 86_400_000
  return Math.round(day(dayKey(style.now, style)) - day(dayKey(moment, style)))
}

/** "Today", "Yesterday", "Friday" (within 7 days), "9 Nov", "9 Nov 2025". */
export function formatDay(moment: Moment, style: DateStyle): string {
  const date = dateOf(moment)
  const ago = daysAgo(date, style)
  if (ago === 0) return 'Today'
  if (ago === 1) return 'Yesterday'
  if (ago > 1 && ago < 7) return format(date, style, { weekday: 'long' })
  const sameYear = dayKey(date, style).slice(0, 4) === dayKey(style.now, style).slice(0, 4)
  return format(date, style, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) })
}

/** "9–20 Nov", "28 Oct – 3 Nov", "28 Dec 2025 – 3 Jan 2026"; one day when both are the same. */
export function formatDayRange(from: Moment, to: Moment, style: DateStyle): string {
  const [first, last] = [dateOf(from), dateOf(to)]
  if (dayKey(first, style) === dayKey(last, style)) return formatDay(first, style)
  const year = dayKey(style.now, style).slice(0, 4)
  const thisYear = [first, last].every((date) => dayKey(date, style).slice(0, 4) === year)
  return dateFormat(style.locale, {
    day: 'numeric',
    month: 'short',
    ...(thisYear ? {} : { year: 'numeric' as const }),
    ...(style.timeZone === undefined ? {} : { timeZone: style.timeZone }),
  }).formatRange(first, last)
}

/** "14:02" or "2:02 PM", as the locale has it. */
export function formatTime(moment: Moment, style: DateStyle): string {
  return format(dateOf(moment), style, { timeStyle: 'short' })
}

/** "Today 14:02", "9 Nov 21:00". */
export function formatMoment(moment: Moment, style: DateStyle): string {
  return `${formatDay(moment, style)} ${formatTime(moment, style)}`
}

/** Inside a sentence: "changed today 14:02". */
export function formatMomentInText(moment: Moment, style: DateStyle): string {
  return formatMoment(moment, style).replace(/^(Today|Yesterday)/, (day) => day.toLowerCase())
}

/** A restore point as a title: "Yesterday, 21:00". */
export function formatTitle(moment: Moment, style: DateStyle): string {
  return `${formatDay(moment, style)}, ${formatTime(moment, style)}`
}

/** With seconds, for the inspector: "21 Nov 2026, 21:00:07". */
export function formatExactTime(moment: Moment, style: DateStyle): string {
  return format(dateOf(moment), style, { dateStyle: 'medium', timeStyle: 'medium' })
}

const steps = [
  { below: 60, seconds: 1, short: null, long: null },
  { below: 3600, seconds: 60, short: 'min', long: 'minute' },
  { below: 86_400, seconds: 3600, short: 'h', long: 'hour' },
  { below: Number.POSITIVE_INFINITY, seconds: 86_400, short: 'day', long: 'day' },
] as const

function age(moment: Moment, now: Date): { count: number; step: (typeof steps)[number] } {
  const seconds = Math.max(0, (now.getTime() - dateOf(moment).getTime()) / 1000)
  const step = steps.find((candidate) => seconds < candidate.below) ?? steps[3]
  return { count: Math.floor(seconds / step.seconds), step }
}

/** Short age for list ends: "now", "5 min ago", "5 h ago", "3 days ago". A moment in the future counts as now. */
export function formatAge(moment: Moment, now: Date): string {
  const { count, step } = age(moment, now)
  if (step.short === null) return 'now'
  if (step.short === 'day') return count === 1 ? '1 day ago' : `${count} days ago`
  return `${count}\u00a0${step.short} ago`
}

/** Whole words: "just now", "5 minutes ago", "5 hours ago", "3 days ago". */
export function formatAgeWords(moment: Moment, now: Date): string {
  const { count, step } = age(moment, now)
  return step.long === null ? 'just now' : `${count} ${step.long}${count === 1 ? '' : 's'} ago`
}

/** How long something has been going on: "3 days", "5 hours", "less than a minute". */
export function formatSpan(since: Moment, now: Date): string {
  const { count, step } = age(since, now)
  return step.long === null ? 'less than a minute' : `${count} ${step.long}${count === 1 ? '' : 's'}`
}
