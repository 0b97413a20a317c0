import type { Job } from '../../../../shared/domain/job.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import { NbdConnectionError, NbdServerError } from '../../../core/nbd/errors.ts'
import { instantText } from '../consistency.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { changesContext, exportEnvironment } from '../export/environment.ts'
import { type HeldExport, holdExport } from '../export/held-export.ts'
import { readDisk } from '../export/read-disk.ts'
import { type RunningCommand, runCommand } from '../export/run-command.ts'
import { freezeHelp, freezeOptions, freezeUsage, freezeWishes } from '../freeze-options.ts'
import { findMachine, findPoint } from '../lookups.ts'
import { CommandFailed, problemOf, WrongUsage } from '../problem.ts'

async function exportMachine(context: Context, given: Given): Promise<number> {
  const toStdout = textOption(given, 'to-stdout')
  const disks = given.options.disk
  const diskIds = toStdout !== null ? [toStdout] : Array.isArray(disks) ? disks.map(String) : null
  if (toStdout !== null) assertForBytes(context, given)
  const wishes = freezeWishes(given)
  const { output, dependencies } = context
  // Where standard output is the command's or the disk's, Floe's own words go beside it.
  const quiet = (given.command !== null || toStdout !== null) && !output.json
  const told: Context = quiet ? { ...context, output: output.beside() } : context
  const client = await context.client()
  const machine = await findMachine(client, given.words[0] ?? '')
  const sinceText = textOption(given, 'since')
  const since = sinceText === null ? null : (await findPoint(client, sinceText)).id
  if (dependencies.signal.aborted) throw new CommandFailed(problemOf('system/interrupted', 'Nothing was started.'))
  const held = await holdExport(told, client, { machineId: machine.id, diskIds, since, ...wishes })
  output.document({ event: 'holding', jobId: held.job.id, instant: held.job.instant, export: held.place })
  if (toStdout !== null) return writeDisk(told, held)
  if (given.command !== null) return runWith(told, held, given.command)
  return holdUntilInterrupted(told, held)
}

function assertForBytes({ output, dependencies }: Context, given: Given): void {
  const wrong = (why: string) => new WrongUsage(why, 'export')
  if (given.command !== null) throw wrong('--to-stdout writes a disk to standard output and runs no command.')
  if (given.options.disk !== undefined) throw wrong('--to-stdout writes one disk: leave --disk out.')
  if (given.options.since !== undefined) throw wrong('--to-stdout writes the whole disk: leave --since out.')
  if (output.json) throw wrong('--to-stdout writes a disk to standard output, where --json would print.')
  if (dependencies.terminal.output)
    throw wrong("A raw disk can't be written to a terminal: write it to a file or a pipe.")
}

async function holdUntilInterrupted({ output, dependencies }: Context, held: HeldExport): Promise<number> {
  for (const line of heldLines(held.job, dependencies.now())) output.line(line)
  output.line('Held until Ctrl-C.')
  const { signal } = dependencies
  const interrupted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null)
    else signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  const problem = await Promise.race([interrupted, held.lost])
  if (problem !== null) throw new CommandFailed(problem, { details: { jobId: held.job.id } })
  await held.end()
  output.document({ event: 'finished', jobId: held.job.id })
  output.line('The export is over; nothing of it is left in QEMU.')
  return 0
}

function heldLines(job: Job, now: Date): string[] {
  const { export: place, instant } = job
  if (place === null) return []
  const changes = changesContext(place)
  const when = formatExactTime(place.at, { now, locale: 'en' })
  const width = Math.max(...place.disks.map((disk) => disk.diskId.length))
  return [
    `${job.machineName} as it was at ${when}${instant === null ? '' : ` (${instantText(instant)})`}`,
    `Socket: ${place.socketPath}`,
    ...(changes === null ? [] : [`Changes: ${changes}`]),
    ...place.disks.map(
      (disk) => `${disk.diskId.padEnd(width)}  ${formatBytes(disk.size, 'decimal', 'en')}  ${disk.uri}`,
    ),
  ]
}

async function runWith({ output, dependencies }: Context, held: HeldExport, command: readonly string[]) {
  const { signal, env, cwd } = dependencies
  const { id: jobId, instant } = held.job
  if (instant !== null) output.line(`Exported: ${instantText(instant)}.`)
  let running: RunningCommand
  try {
    running = await runCommand(command, {
      env: { ...env, ...exportEnvironment(held.place) },
      cwd,
      stdout: output.json ? 'stderr' : 'inherit',
    })
  } catch (error) {
    await held.end().catch(() => {})
    throw error
  }
  const interrupt = () => void running.end('SIGINT')
  signal.addEventListener('abort', interrupt, { once: true })
  if (signal.aborted) interrupt()
  const outcome = await Promise.race([running.ended, held.lost.then((problem) => ({ problem }))])
  signal.removeEventListener('abort', interrupt)
  if ('problem' in outcome) {
    await running.end('SIGTERM')
    throw new CommandFailed(outcome.problem, { details: { jobId } })
  }
  await held.end()
  if (outcome.status === 0) {
    output.document({ event: 'finished', jobId, exitStatus: 0 })
    return 0
  }
  const problem = problemOf('export/command-failed', `The command ended with status ${outcome.status}.`, {
    params: { exitStatus: outcome.status },
  })
  throw new CommandFailed(problem, { exitStatus: outcome.status, details: { jobId, exitStatus: outcome.status } })
}

async function writeDisk({ output, dependencies }: Context, held: HeldExport): Promise<number> {
  const [disk] = held.place.disks
  const { signal } = dependencies
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(new CommandFailed(problemOf('system/interrupted', 'The disk was not written whole.')))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  const lost = held.lost.then((problem) => Promise.reject(new CommandFailed(problem)))
  const written = readDisk({ socketPath: held.place.socketPath, exportName: disk?.exportName ?? '' }, (bytes) =>
    dependencies.writeBytes(bytes).catch((error: NodeJS.ErrnoException) => Promise.reject(unwritable(error))),
  )
  try {
    const { bytes } = await Promise.race([written, stopped, lost])
    await held.end()
    output.line(`Written: ${formatBytes(bytes, 'decimal', 'en')}.`)
    return 0
  } catch (error) {
    const { message } = error as Error
    const ending = await held.end().then(
      () => null,
      (reason: unknown) => reason,
    )
    if (!(error instanceof NbdConnectionError || error instanceof NbdServerError)) throw error
    // The export knows better than its reader why it cannot be read any more.
    if (ending instanceof CommandFailed) throw ending
    throw new CommandFailed(problemOf('export/ended', `The export can't be read any more: ${message}`))
  }
}

function unwritable(error: NodeJS.ErrnoException): CommandFailed {
  const why =
    error.code === 'EPIPE'
      ? 'Whoever read the disk stopped reading before its end.'
      : `The disk could not be written to standard output: ${error.message}`
  return new CommandFailed(problemOf('export/command-failed', why))
}

export const exportVerbs: readonly Verb[] = [
  {
    name: 'export',
    usage: `M [--disk ID]... [--since P]
       ${freezeUsage} [-- COMMAND ...]
       floe export M --to-stdout ID`,
    summary: "Hold one instant of a machine's disks for another program to read over NBD",
    help: [
      ['-- COMMAND ...', 'run this while the instant is held; its exit status becomes that of floe'],
      ['', 'it finds FLOE_EXPORT_URI, FLOE_EXPORT_URI_<DISK>, FLOE_EXPORT_SOCKET and FLOE_EXPORT_AT'],
      ['', 'without a command the instant is held until Ctrl-C'],
      ['--to-stdout ID', 'write this disk, raw, to standard output'],
      ['--disk ID', 'only this disk; may be repeated'],
      ['--since P', 'also serve what changed since this restore point, as an NBD context (qemu:dirty-bitmap:...)'],
      ['', 'whose name the command finds in FLOE_EXPORT_SINCE'],
      ...freezeHelp('export'),
    ],
    options: {
      disk: { type: 'string', multiple: true },
      'to-stdout': { type: 'string' },
      since: { type: 'string' },
      ...freezeOptions,
    },
    words: [1, 1],
    events: true,
    runsCommand: true,
    run: exportMachine,
  },
]
