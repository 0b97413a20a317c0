import { resolve } from 'node:path'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import { assertSomebodyToAsk, confirm } from '../confirm.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { findPoint, findRestore } from '../lookups.ts'
import { valueIn, WrongUsage } from '../problem.ts'
import { table } from '../table.ts'

async function restore(context: Context, given: Given): Promise<number> {
  const to = textOption(given, 'to')
  const swap = given.options.swap === true
  const format = textOption(given, 'format')
  if (swap === (to !== null)) {
    throw new WrongUsage('restore needs either --to DIR (a new image) or --swap (in place of the old one).', 'restore')
  }
  if (format !== null && swap) throw new WrongUsage('--format goes with --to; a swap keeps the format.', 'restore')
  if (format !== null && format !== 'qcow2' && format !== 'raw') {
    throw new WrongUsage(`"${format}" is not a format: use qcow2 or raw.`, 'restore')
  }
  return swap ? swapInPlace(context, given) : toNewImage(context, given, to ?? '', format ?? 'qcow2')
}

async function toNewImage(context: Context, given: Given, to: string, format: 'qcow2' | 'raw'): Promise<number> {
  const { output, dependencies } = context
  const client = await context.client()
  const point = await findPoint(client, given.words[0] ?? '')
  const directory = resolve(dependencies.cwd, to)
  const started = () => client.invoke('restore.toNewImage', { pointId: point.id, directory, format })
  const job = await runJob(context, client, started)
  const images = job.result?.images ?? []
  output.document({ event: 'finished', jobId: job.id, point: { id: point.id }, images })
  for (const image of images) output.line(`Restored ${image.disk} to ${image.path}`)
  return 0
}

async function swapInPlace(context: Context, given: Given): Promise<number> {
  const client = await context.client()
  const point = await findPoint(client, given.words[0] ?? '')
  if (given.options.yes !== true) {
    assertSomebodyToAsk(context, given)
    const preflight = valueIn(await client.invoke('restore.preflight', { pointId: point.id }))
    const checks = preflight.checks
      .filter((check) => check.result !== 'ok')
      .map((check) => `  ${check.title}: ${check.detail}`)
    const disks = preflight.disks.map((disk) => `  ${disk.imagePath}, kept as ${disk.undoPath}`)
    // Asked even when something blocks it, for that may be over a moment later; the swap itself refuses with its code.
    const question = `Replace the images of ${point.machineName} by those of ${point.createdAt}?`
    await confirm(context, given, [...checks, ...disks, question])
  }
  const job = await runJob(context, client, () => client.invoke('restore.swap', { pointId: point.id }))
  return swapped(context, job.id, job.result)
}

async function swapped(
  { output, client }: Context,
  jobId: string,
  result: { readonly restoreId: string | null; readonly images: readonly { disk: string; path: string }[] } | null,
): Promise<number> {
  const restores = valueIn(await (await client()).invoke('restores.list', {}))
  const restored = restores.find((candidate) => candidate.id === result?.restoreId)
  output.document({
    event: 'finished',
    jobId,
    restore: restored ?? { id: result?.restoreId },
    images: result?.images ?? [],
  })
  for (const image of result?.images ?? []) output.line(`Replaced ${image.path}`)
  output.line('Start your machine as usual.')
  if (restored !== undefined) {
    const kept = restored.disks.reduce((sum, disk) => sum + disk.undoSize, 0)
    output.line(`The images as they were are kept (${formatBytes(kept, 'decimal', 'en')}): floe undo ${restored.id}`)
  }
  return 0
}

async function list({ output, client, dependencies }: Context): Promise<number> {
  const restores = valueIn(await (await client()).invoke('restores.list', {}))
  output.document(restores)
  const rows = restores.map((restored) => [
    restored.id,
    restored.machineName,
    formatExactTime(restored.createdAt, { now: dependencies.now(), locale: 'en' }),
    restored.undoes === null ? `point ${restored.pointId ?? '?'}` : `undo of ${restored.undoes}`,
    restored.state.kind === 'done' && !restored.undoable ? 'done, undo copy is gone' : restored.state.kind,
  ])
  for (const line of table(['ID', 'MACHINE', 'TIME', 'WHAT', 'STATE'], rows)) output.line(line)
  for (const { id, state } of restores) if ('text' in state) output.line(`${id}: ${state.text}`)
  if (restores.length === 0) output.line('Nothing was restored in place yet.')
  return 0
}

async function undo(context: Context, given: Given): Promise<number> {
  const client = await context.client()
  const restored = await findRestore(client, given.words[0] ?? '')
  const job = await runJob(context, client, () => client.invoke('restores.undo', { restoreId: restored.id }))
  return swapped(context, job.id, job.result)
}

export const restoreVerbs: readonly Verb[] = [
  {
    name: 'restore',
    usage: 'P --to DIR [--format qcow2|raw]  |  restore P --swap [--yes]',
    summary: 'Restore to new images, or in place of the old ones',
    help: [
      ['--to DIR', 'write new images into this folder'],
      ['--format F', 'of the new images: qcow2 (default) or raw'],
      ['--swap', "replace the machine's images and keep them as an undo copy"],
      ['--yes', 'do not ask before the swap'],
    ],
    options: {
      to: { type: 'string' },
      format: { type: 'string' },
      swap: { type: 'boolean' },
      yes: { type: 'boolean' },
    },
    words: [1, 1],
    events: true,
    run: restore,
  },
  {
    name: 'restores',
    usage: '',
    summary: 'List restores in place and their undo copies',
    help: [],
    options: {},
    words: [0, 0],
    run: list,
  },
  {
    name: 'undo',
    usage: 'R',
    summary: 'Undo a restore in place',
    help: [],
    options: {},
    words: [1, 1],
    events: true,
    run: undo,
  },
]
