// Words for problems with reaching QEMU (ux.md 3.3, C1-C6).
import {
  addMachine,
  alsoTryAgain,
  backUpWhenItRuns,
  copyCommand,
  copyOption,
  copySocketOption,
  dismiss,
  fact,
  machineName,
  ownWords,
  sentences,
  shorten,
  showScript,
  startWhenDone,
  startWhenFree,
  systemSays,
  tryAgain,
  type WordingsOf,
} from './problem-text.ts'

/** C1. `program` may be unknown: then another program is all that can be said. */
export function busyBody(program: string | null, pid: number | string | null): string {
  const who = program === null ? 'Another program' : pid === null ? program : `${program} (pid ${pid})`
  return `${who} uses its QMP socket, and QEMU talks to one program at a time. Close it, or give Floe its own socket.`
}

/** C2. */
export function noSocketBody(script: string | null): string {
  return `Create the folder ~/.qmp, then add the option below to ${script ?? 'its start command'} and restart the machine when it suits you. Until then Floe can’t back it up while it runs.`
}

/** C3. `user`: a name, or a number where the system knows no name. */
export function noPermissionBody(user: string | null): string {
  const owner = user === null ? 'another user' : /^\d+$/.test(user) ? `user ${user}` : user
  const why = user === 'root' ? ', because the machine was started with sudo' : ''
  return `Its socket belongs to ${owner}${why}. Run the command below once, or use a socket you own.`
}

/** C4. */
export function notQemuBody(engine: string, launcher: string | null): string {
  return launcher === null
    ? `It runs on ${engine}, which offers no online backup.`
    : `${launcher} runs it with ${engine}, which offers no online backup.`
}

/** C5. */
export const silentBody =
  'QEMU accepted the connection but doesn’t answer. It may be stopped in a debugger or very busy. Nothing was changed.'

/** Something that is not QMP answers. */
export function notQmpBody(speaks: 'hmp' | 'garbage'): string {
  return speaks === 'hmp'
    ? 'Its socket speaks the human monitor (HMP), which programs can’t use reliably. Create the folder ~/.qmp, then add the option below to its start command and restart the machine when it suits you.'
    : 'Something answers on its socket, but it isn’t QEMU’s machine protocol. Check the path of the socket. Nothing was changed.'
}

export const machineProblems: WordingsOf<'machine'> = {
  'machine/unknown': (problem) => ({
    title: 'This machine isn’t in the list',
    body: ownWords(problem),
    actions: [addMachine],
  }),
  'machine/ambiguous': (problem) => ({
    title: 'More than one machine has this name',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'machine/socket-missing': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The QMP socket of ${name} is gone`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'machine/not-a-socket': (problem) => ({
    title: 'This path isn’t a socket',
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'machine/socket-path-too-long': (problem) => ({
    title: 'The path of the socket is too long',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'machine/no-permission': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `No permission to reach ${name}`),
    body: noPermissionBody(fact(problem, 'user', 'owner')),
    actions: fact(problem, 'command') === null ? [tryAgain] : [copyCommand, alsoTryAgain],
  }),
  'machine/refused': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} isn’t listening`),
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [tryAgain],
  }),
  'machine/busy': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} is busy with another program`),
    body: busyBody(fact(problem, 'program'), fact(problem, 'pid')),
    actions: context.canWait ? [copySocketOption, alsoTryAgain, startWhenFree] : [copySocketOption, tryAgain],
  }),
  'machine/silent': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} doesn’t answer`),
    body: silentBody,
    actions: [tryAgain],
  }),
  'machine/closed-in-greeting': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} closed the connection at once`),
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [tryAgain],
  }),
  'machine/speaks-hmp': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The socket of ${name} isn’t a QMP socket`),
    body: notQmpBody('hmp'),
    actions: [copyOption],
  }),
  'machine/speaks-garbage': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The socket of ${name} isn’t QEMU’s`),
    body: notQmpBody('garbage'),
    actions: [tryAgain],
  }),
  'machine/line-too-long': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} sent more than Floe can read`),
    body: sentences(ownWords(problem), 'The connection was closed; nothing was changed.'),
    actions: [tryAgain],
  }),
  'machine/no-socket': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} was started without a QMP socket`),
    body: noSocketBody(fact(problem, 'script', 'startedBy')),
    actions: [showScript, copyOption],
  }),
  'machine/off': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} is off`),
    body: ownWords(problem),
    actions: context.canWait ? [alsoTryAgain, backUpWhenItRuns] : [tryAgain],
  }),
  'machine/not-qemu': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} isn’t a QEMU machine`),
    body: notQemuBody(fact(problem, 'engine') ?? 'another engine', fact(problem, 'launcher')),
    actions: [dismiss],
  }),
  'machine/qemu-refused': (problem) => ({
    title: 'QEMU refused a command',
    body: sentences(quoted(systemSays(problem)) ?? ownWords(problem), 'Nothing else was changed.'),
    actions: [tryAgain],
  }),
  'machine/interrupted': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The connection to ${name} ended`),
    body: sentences(ownWords(problem), 'If the machine still runs, Floe connects again by itself.'),
    actions: [tryAgain],
  }),
  'machine/timeout': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} took too long to answer`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'machine/has-jobs': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `Something is still running on ${name}`),
    body: ownWords(problem),
    actions: context.canWait ? [startWhenDone] : [dismiss],
  }),
}

function quoted(text: string | null): string | null {
  return text === null ? null : `QEMU says: “${text}”.`
}
