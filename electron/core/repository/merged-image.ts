// An image with what lies below it moved in, built beside the old one: the old one is never written to.
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { difference, type Extent, type Extents, extentsOf, intersection } from '../extents/extents.ts'
import { NbdClient } from '../nbd/client.ts'
import { serveImage } from '../nbd/server.ts'
import type { Ports } from '../ports/index.ts'
import { checkImage, convertImage, type ImageExtent, imageOptions, mapImage, runTool } from '../qemu-img/index.ts'
import { readLinks } from './backing.ts'
import { syncFile } from './durable-file.ts'

/** Zeroes beside data are written as data, as far as the tool's buffers go at both ends. Bytes. */
const zeroesAsData = 4 << 20

/** How an image's data is spread over it and the images below. */
export interface Layers {
  readonly map: readonly ImageExtent[]
  /** Bytes that have to be moved into the image. */
  readonly moves: number
}

/** Looks where the data of an image lies whose `merged` nearest backing files go. @throws FloeError `system/*` */
export async function layersOf(ports: Pick<Ports, 'env'>, path: string, merged: number): Promise<Layers> {
  const map = await mapImage(path, 'qcow2', { env: ports.env })
  const moved = map.filter(({ present, depth }) => present && depth >= 1 && depth <= merged)
  const moves = moved.reduce((sum, { length, zero }) => sum + (zero ? Math.min(length, zeroesAsData) : length), 0)
  return { map, moves }
}

export interface MergedImage {
  readonly folder: string
  readonly file: string
  readonly staged: string
  /** How many of the nearest backing files go. */
  readonly merged: number
  /** What the new image lies over, as seen from its folder; null: it stands alone. */
  readonly backingFile: string | null
}

/**
 * Builds the image and proves that it shows what the old one shows. It is on the disk when this returns; its size in bytes.
 * Left behind when it fails.
 * @throws FloeError `system/*`; an Error that says what is wrong with what was built
 */
export async function buildMerged(
  ports: Pick<Ports, 'env'>,
  image: MergedImage,
  layers: Layers,
  signal: AbortSignal,
): Promise<number> {
  const options = { env: ports.env, signal }
  const [old, built] = [join(image.folder, image.file), join(image.folder, image.staged)]
  await rm(built, { force: true })
  // The file itself, with its holes; unlike the system's own copy it can be ended.
  await convertImage({ source: { path: old, format: 'raw' }, target: { path: built, format: 'raw' }, ...options })
  const onto = image.backingFile === null ? ['-b', ''] : ['-F', 'qcow2', '-b', image.backingFile]
  // Without it, what the guest discarded would be written as data.
  const target = `json:${JSON.stringify({ ...imageOptions(built, 'qcow2'), 'detect-zeroes': 'on' })}`
  // Safe mode: what differs between the old and the new backing file is written into the image.
  await runTool('qemu-img', `merge "${old}"`, ['rebase', '-q', ...onto, target], options)
  const check = await checkImage(built, 'qcow2', options)
  if (check.errors > 0) throw new Error(`The merged image has ${check.errors} structural errors. ${check.text}`.trim())
  const links = await readLinks(built)
  if (links === null || links.hasDataFile || links.backingFile !== image.backingFile) {
    throw new Error(`The merged image lies over "${links?.backingFile ?? 'nothing'}".`)
  }
  await syncFile(built)
  const differs = await firstDifference(ports, old, built, await suspects(layers, built, image, options), signal)
  if (differs !== null) throw new Error(`The merged image differs at byte ${differs} of the disk.`)
  return (await stat(built)).size
}

const toExtents = (map: readonly ImageExtent[]): Extents =>
  extentsOf(map.map(({ start, length }): Extent => ({ offset: start, length })))

/** Where the two can differ: everywhere but where both show the same bytes of the same image below, or both say zeroes. */
async function suspects(
  layers: Layers,
  built: string,
  { merged, backingFile }: MergedImage,
  options: Parameters<typeof mapImage>[2],
): Promise<Extents> {
  const now = await mapImage(built, 'qcow2', options)
  // Standing alone, the new image shares nothing with the old one; what no image has is zeroes in both.
  const deepest = backingFile === null ? Number.POSITIVE_INFINITY : merged
  const suspected = toExtents([
    ...layers.map.filter(({ depth, present }) => present && depth <= deepest),
    ...now.filter(({ depth, present }) => present && depth === 0),
  ])
  const zeroes = [layers.map, now].map((map) => toExtents(map.filter(({ zero }) => zero)))
  return difference(suspected, intersection(zeroes[0] ?? [], zeroes[1] ?? []))
}

const step = 1 << 20

/** The first byte of the ranges that is not the same in both images; the new one is read from the drive. */
async function firstDifference(
  ports: Pick<Ports, 'env'>,
  old: string,
  built: string,
  ranges: Extents,
  signal: AbortSignal,
): Promise<number | null> {
  if (ranges.length === 0) return null
  const options = { env: ports.env, signal }
  await using before = await serveImage({ path: old, format: 'qcow2' }, options)
  await using after = await serveImage({ path: built, format: 'qcow2' }, { ...options, reading: 'from-drive' })
  const a = await NbdClient.connect(before.socketPath)
  try {
    const b = await NbdClient.connect(after.socketPath)
    try {
      if (a.size !== b.size) return Math.min(a.size, b.size)
      return await compare(a, b, ranges, signal)
    } finally {
      b.close()
    }
  } finally {
    a.close()
  }
}

async function compare(a: NbdClient, b: NbdClient, ranges: Extents, signal: AbortSignal): Promise<number | null> {
  const [left, right] = [Buffer.allocUnsafe(step), Buffer.allocUnsafe(step)]
  for (const { offset, length } of ranges) {
    for (let at = offset; at < offset + length; at += step) {
      signal.throwIfAborted()
      const size = Math.min(step, offset + length - at)
      const [one, other] = [left.subarray(0, size), right.subarray(0, size)]
      await Promise.all([a.read(at, one), b.read(at, other)])
      if (one.equals(other)) continue
      const where = one.findIndex((byte, index) => byte !== other[index])
      return at + where
    }
  }
  return null
}
