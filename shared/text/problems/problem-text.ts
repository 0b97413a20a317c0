// What a problem's words are made of, and the small readers for its facts. The words themselves live beside this file,
// one file per prefix of the code; shared/text/problems.ts puts them together.
import type { ProblemCode } from '../../errors/codes.ts'
import type { Problem } from '../../errors/problem.ts'
import type { Units } from '../../format/bytes.ts'
import { formatBytes } from '../../format/bytes.ts'

/** What a button beside a problem does. The window decides which of them it can offer where it shows the problem. */
export type ProblemActionKind =
  | 'try-again'
  | 'copy-option'
  | 'copy-command'
  | 'show-script'
  | 'add-destination'
  | 'choose-destination'
  | 'free-up-space'
  | 'back-up-again'
  | 'choose-disks'
  | 'show-in-folder'
  | 'shut-down-guest'
  | 'restore-to-new-image'
  | 'restore-elsewhere'
  | 'verify-last-point'
  | 'add-machine'
  | 'set-up-agent'
  | 'thaw-now'
  | 'start-when-done'
  | 'back-up-when-it-runs'
  | 'back-up-without-freezing'
  | 'leave-disk-out'
  | 'open-privacy-settings'
  | 'show-log'
  | 'dismiss'

export interface ProblemAction {
  readonly kind: ProblemActionKind
  readonly label: string
  /** The one button to press first. */
  readonly primary: boolean
}

export interface ProblemText {
  /** At most 60 characters, no code in it. */
  readonly title: string
  /** Cause, state of the data, next step: whole sentences. */
  readonly body: string
  readonly actions: readonly ProblemAction[]
}

/** Names that the place knows in which the problem is shown; the problem's own params win. */
export interface ProblemContext {
  readonly machine?: string | null
  readonly destination?: string | null
  readonly units?: Units | undefined
  readonly locale?: string | undefined
  /** The current moment when left out. */
  readonly now?: Date
  /** True when no restore point of this machine exists yet: the next backup starts from the beginning. */
  readonly firstFull?: boolean
  /** True when the backup spoken of found its changes by comparing: tracking had been lost. */
  readonly compared?: boolean
  /** True where a backup is spoken of, which can also wait until what is in its way has passed. */
  readonly canWait?: boolean
}

export type Wording = (problem: Problem, context: ProblemContext) => ProblemText
export type CodesOf<Prefix extends string> = Extract<ProblemCode, `${Prefix}/${string}`>
export type WordingsOf<Prefix extends string> = { readonly [Code in CodesOf<Prefix>]: Wording }

const maxTitle = 60

/** A name inside a title, shortened so that the title stays within 60 characters. */
export function shorten(name: string, title: (name: string) => string): string {
  const full = title(name)
  if (full.length <= maxTitle) return full
  const room = Math.max(1, name.length - (full.length - maxTitle) - 1)
  return title(`${name.slice(0, room).trimEnd()}…`)
}

/** First fact of these names that is a non-empty text or a number. */
export function fact(problem: Problem, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = problem.params[name]
    if (typeof value === 'number') return String(value)
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}

/** First fact of these names that is a number, worded as a size. */
export function size(problem: Problem, context: ProblemContext, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = problem.params[name]
    if (typeof value === 'number') return formatBytes(value, context.units, context.locale)
  }
  return null
}

export function machineName(problem: Problem, context: ProblemContext): string {
  return fact(problem, 'machine', 'machineName') ?? context.machine ?? 'The machine'
}

export function destinationName(problem: Problem, context: ProblemContext): string {
  const own = problem.code.startsWith('destination/') ? fact(problem, 'name') : null
  return fact(problem, 'destination', 'destinationName') ?? own ?? context.destination ?? 'The destination'
}

/** The problem's own finished sentences: what is wrong, and what to do about it. */
export function ownWords(problem: Problem): string {
  const message = problem.message.trim() === '' ? 'Floe could not go on.' : problem.message
  return problem.remedy === null || message.includes(problem.remedy) ? message : `${message} ${problem.remedy}`
}

/** Sentences after each other; missing ones are left out. */
export function sentences(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== '').join(' ')
}

/** QEMU's or the system's own words, quoted as its sentence; null when there are none. */
export function systemSays(problem: Problem): string | null {
  const text = fact(problem, 'text', 'qemu', 'error') ?? problem.causes.at(-1) ?? null
  return text === null ? null : text.replace(/[.\s]+$/, '')
}

/** How the next backup starts after one that ended early (ux.md 3.2). */
export function tracking(context: ProblemContext): string {
  if (context.firstFull !== false) return 'The next backup starts from the beginning.'
  return context.compared === true
    ? 'The next backup compares again, and copies only what changed.'
    : 'Changes are still tracked, so the next backup is incremental.'
}

/** The same after QEMU has ended: it may have had no time to save what it tracked. */
export function trackingAfterQemu(context: ProblemContext): string {
  return context.firstFull !== false
    ? tracking(context)
    : 'The next backup is incremental: without saved tracking it compares with the last restore point.'
}

const action = (kind: ProblemActionKind, label: string, primary = false): ProblemAction => ({ kind, label, primary })

export const tryAgain = action('try-again', 'Try Again', true)
export const alsoTryAgain = action('try-again', 'Try Again')
export const backUpAgain = action('back-up-again', 'Back Up Again', true)
export const alsoBackUpAgain = action('back-up-again', 'Back Up Again')
export const chooseDestination = action('choose-destination', 'Choose Another…', true)
export const alsoChooseDestination = action('choose-destination', 'Choose Another…')
export const freeUpSpace = action('free-up-space', 'Free Up Space…', true)
export const chooseOneDestination = action('choose-destination', 'Choose Destination…', true)
export const addDestination = action('add-destination', 'Add Destination…', true)
export const chooseDisks = action('choose-disks', 'Choose Disks…', true)
export const copyOption = action('copy-option', 'Copy Option', true)
export const copySocketOption = action('copy-option', 'Copy Socket Option')
export const copyCommand = action('copy-command', 'Copy Command', true)
export const showScript = action('show-script', 'Show Script')
export const showInFolder = action('show-in-folder', 'Show in Folder', true)
export const shutDownGuest = action('shut-down-guest', 'Shut Down Guest…', true)
export const restoreToNewImage = action('restore-to-new-image', 'Restore to New Image…')
export const restoreElsewhere = action('restore-elsewhere', 'Restore Elsewhere…', true)
export const verifyLastPoint = action('verify-last-point', 'Verify Last Point…', true)
export const addMachine = action('add-machine', 'Add Machine…', true)
export const setUpAgent = action('set-up-agent', 'Set Up Agent…', true)
export const thawNow = action('thaw-now', 'Thaw Now', true)
export const showLog = action('show-log', 'Show Log')
export const openPrivacySettings = action('open-privacy-settings', 'Open Privacy Settings', true)
/** The same wait, worded for what is waited for. */
export const startWhenConnected = action('start-when-done', 'Start When Connected')
export const startWhenFree = action('start-when-done', 'Start When Free', true)
export const startWhenUnlocked = action('start-when-done', 'Start When Unlocked', true)
export const waitForTheOther = action('start-when-done', 'Wait for the Other', true)
export const backUpWhenBack = action('start-when-done', 'Back Up When It Is Back', true)
export const startWhenDone = action('start-when-done', 'Start When Done', true)
export const backUpWhenItRuns = action('back-up-when-it-runs', 'Back Up When It Runs', true)
export const backUpWithoutFreezing = action('back-up-without-freezing', 'Back Up Without Freezing')
export const leaveDiskOut = action('leave-disk-out', 'Leave Out')
export const dismiss = action('dismiss', 'OK', true)
