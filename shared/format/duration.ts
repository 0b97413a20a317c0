// Lengths of time and time left, in words (ux.md 4). Pure, no imports.

const nonBreakingSpace = '\u00a0'
const space = nonBreakingSpace

/** "84 ms", "1.4 s", "52 s", "2 min 14 s", "1 h 20 min", "3 days". */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 999.5) return `${Math.round(ms)}${space}ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}${space}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}${space}s`
  if (seconds < 3600) {
    const rest = seconds % 60
    return `${Math.floor(seconds / 60)}${space}min${rest === 0 ? '' : ` ${rest}${space}s`}`
  }
  const minutes = Math.round(seconds / 60)
  if (minutes < 48 * 60) {
    const rest = minutes % 60
    return `${Math.floor(minutes / 60)}${space}h${rest === 0 ? '' : ` ${rest}${space}min`}`
  }
  return `${Math.round(minutes / 1440)}${space}days`
}

function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`
}

/** For screen readers: "92 milliseconds", "2 minutes 14 seconds". */
export function speakDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 999.5) return counted(Math.round(ms), 'millisecond')
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} seconds`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return counted(seconds, 'second')
  if (seconds < 3600) {
    const minutes = counted(Math.floor(seconds / 60), 'minute')
    return seconds % 60 === 0 ? minutes : `${minutes} ${counted(seconds % 60, 'second')}`
  }
  const minutes = Math.round(seconds / 60)
  const hours = counted(Math.floor(minutes / 60), 'hour')
  return minutes % 60 === 0 ? hours : `${hours} ${counted(minutes % 60, 'minute')}`
}

/** Time left: "a few seconds", "about 30 seconds", "about 4 minutes", "about 1 hour 20 minutes". */
export function etaWords(seconds: number): string {
  if (seconds < 7.5) return 'a few seconds'
  const fives = Math.round(seconds / 5) * 5
  if (fives < 60) return `about ${fives} seconds`
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 60) return `about ${counted(minutes, 'minute')}`
  const steps = Math.round(minutes / 5) * 5
  const hours = counted(Math.floor(steps / 60), 'hour')
  return steps % 60 === 0 ? `about ${hours}` : `about ${hours} ${counted(steps % 60, 'minute')}`
}

/**
 * Which estimate to show. Keeps the shown one until the new one is off by more than 10 %, so that the words stand still.
 * Both in seconds; null while nothing is known.
 */
export function steadyEta(shown: number | null, estimate: number | null): number | null {
  if (estimate === null) return null
  if (shown === null) return estimate
  return Math.abs(estimate - shown) > shown * 0.1 ? estimate : shown
}
