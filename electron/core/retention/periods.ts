// Calendar periods as people live them: in the time zone of the host, weeks from Monday (ISO 8601).

const day = 86_400_000

export interface Periods {
  readonly daily: string
  readonly weekly: string
  readonly monthly: string
  readonly yearly: string
}

/** ISO week of a calendar date: the week belongs to the year that has its Thursday. */
function isoWeek(year: number, month: number, date: number): string {
  const at = Date.UTC(year, month - 1, date)
  const thursday = new Date(at + (3 - ((new Date(at).getUTCDay() + 6) % 7)) * day)
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return `${thursday.getUTCFullYear()}-W${1 + Math.floor((thursday.getTime() - first) / day / 7)}`
}

/** A function that names the day, week, month and year of a time. `timeZone` is an IANA name. */
export function periodsIn(timeZone: string): (createdAt: string) => Periods {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  })
  return (createdAt) => {
    const parts = new Map(format.formatToParts(new Date(createdAt)).map(({ type, value }) => [type, Number(value)]))
    const [year = 0, month = 0, date = 0] = [parts.get('year'), parts.get('month'), parts.get('day')]
    return {
      daily: `${year}-${month}-${date}`,
      weekly: isoWeek(year, month, date),
      monthly: `${year}-${month}`,
      yearly: `${year}`,
    }
  }
}
