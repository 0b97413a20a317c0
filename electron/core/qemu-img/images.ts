import { absolute, imageArgument, imageOptions } from './image-argument.ts'
import { runTool, type ToolOptions, toolFailed } from './tool.ts'

/** What `qemu-img info` says. Sizes in bytes. */
export interface ImageInfo {
  readonly format: string
  readonly virtualSize: number
  /** Bytes the file takes up on its file system. */
  readonly actualSize: number
  /** As written in the image; null without one. */
  readonly backingFile: string | null
  /** Absolute path of the backing file. */
  readonly fullBackingFile: string | null
  readonly clusterSize: number | null
  readonly dirty: boolean
  /** Data encrypted by QEMU (LUKS inside qcow2). */
  readonly encrypted: boolean
  /** Names of internal snapshots. */
  readonly snapshots: readonly string[]
  /** External file that holds the guest's data (qcow2 `data_file`); null without one. */
  readonly dataFile: string | null
  /** Dirty bitmaps that are stored in the image. */
  readonly bitmaps: readonly ImageBitmap[]
}

export interface ImageBitmap {
  readonly name: string
  /** Bytes under one mark. */
  readonly granularity: number
  /** Somebody has the image open, or QEMU ended without storing it: what it marks is not known. */
  readonly inUse: boolean
}

/** What `qemu-img check` says: only `errors` mean damage; `leaks` are wasted space. */
export interface ImageCheck {
  /** False for formats without a check, like raw. */
  readonly supported: boolean
  readonly errors: number
  readonly leaks: number
  /** The tool's own words about errors; empty when there are none. */
  readonly text: string
}

/** A run of the image's content. `depth` counts from 0 (the image itself) along the backing chain. Bytes. */
export interface ImageExtent {
  readonly start: number
  readonly length: number
  readonly depth: number
  readonly present: boolean
  readonly zero: boolean
  readonly data: boolean
  /** Where the data lies in its file; null when it lies nowhere or is compressed. */
  readonly offset: number | null
}

/**
 * Creates an empty image of `size` bytes; or an overlay of `backingFile`, a qcow2 image that is named as seen from the
 * new image's folder; it and all that it lies over are opened, so that nothing is built on what QEMU cannot read.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`
 */
export async function createImage(
  path: string,
  size: number,
  format: string,
  options: ToolOptions & { readonly backingFile?: string } = {},
): Promise<void> {
  const { backingFile } = options
  const backing = backingFile === undefined ? [] : ['-b', backingFile, '-F', 'qcow2']
  const args = ['create', '-q', '-f', format, ...backing, absolute(path), String(size)]
  await runTool('qemu-img', 'create an image', args, options)
}

/**
 * Reads an image's header. `shared` also reads one that a running QEMU holds (`-U`; may be out of date).
 * @throws FloeError `system/tool-missing`, `system/tool-failed` (also when the image is in use, qemu.md 8)
 */
export async function imageInfo(
  path: string,
  format: string,
  options: ToolOptions & { readonly shared?: boolean } = {},
): Promise<ImageInfo> {
  const args = ['info', '--output=json', ...(options.shared ? ['-U'] : []), imageArgument(path, format)]
  const { stdout } = await runTool('qemu-img', `read the header of "${path}"`, args, options)
  return infoOf(parse(stdout, path) as Record<string, unknown>)
}

/** One image of `qemu-img info --output=json`. */
export function infoOf(info: Readonly<Record<string, unknown>>): ImageInfo {
  return {
    format: String(info.format),
    virtualSize: Number(info['virtual-size']),
    actualSize: Number(info['actual-size'] ?? 0),
    backingFile: typeof info['backing-filename'] === 'string' ? info['backing-filename'] : null,
    fullBackingFile: typeof info['full-backing-filename'] === 'string' ? info['full-backing-filename'] : null,
    clusterSize: typeof info['cluster-size'] === 'number' ? info['cluster-size'] : null,
    dirty: info['dirty-flag'] === true,
    encrypted: info.encrypted === true,
    snapshots: ((info.snapshots ?? []) as readonly { name?: unknown }[]).map((snapshot) => String(snapshot.name ?? '')),
    dataFile: specificOf(info)['data-file'] ?? null,
    bitmaps: (specificOf(info).bitmaps ?? []).map(({ name, granularity, flags }) => ({
      name,
      granularity,
      inUse: flags.includes('in-use'),
    })),
  }
}

/**
 * Takes a dirty bitmap out of a qcow2 image, also one that is inconsistent. Its backing files stay closed.
 * @throws FloeError `system/tool-missing`, `system/tool-failed` (no such bitmap, an image in use)
 */
export async function removeBitmap(path: string, bitmap: string, options: ToolOptions = {}): Promise<void> {
  await runTool('qemu-img', `remove a bitmap from "${path}"`, ['bitmap', '--remove', alone(path), bitmap], options)
}

/** A qcow2 image without what it lies over. */
const alone = (path: string) => `json:${JSON.stringify({ ...imageOptions(path, 'qcow2'), backing: null })}`

/**
 * Checks an image's own structure; its backing files stay closed. Never proves that its content is complete (qemu.md 8).
 * @throws FloeError `system/tool-missing`, `system/tool-failed` when the image cannot be opened at all
 */
export async function checkImage(path: string, format: string, options: ToolOptions = {}): Promise<ImageCheck> {
  const image = format === 'qcow2' ? alone(path) : imageArgument(path, format)
  const args = ['check', '--output=json', image]
  const accepted = [0, 2, 3, 63]
  const result = await runTool('qemu-img', `check "${path}"`, args, { ...options, accepted })
  if (result.exitCode === 63) return { supported: false, errors: 0, leaks: 0, text: '' }
  const report = parse(result.stdout, path) as Record<string, unknown>
  const errors = Number(report.corruptions ?? 0) + Number(report['check-errors'] ?? 0)
  return {
    supported: true,
    errors: result.exitCode === 2 ? Math.max(1, errors) : errors,
    leaks: Number(report.leaks ?? 0),
    text: result.stderr.trim(),
  }
}

/**
 * Where the image's data lies, in order of guest offset.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`
 */
export async function mapImage(path: string, format: string, options: ToolOptions = {}): Promise<ImageExtent[]> {
  const args = ['map', '--output=json', imageArgument(path, format)]
  const { stdout } = await runTool('qemu-img', `read the map of "${path}"`, args, options)
  return (parse(stdout, path) as readonly MapEntry[]).map((extent) => ({
    start: extent.start,
    length: extent.length,
    depth: extent.depth,
    present: extent.present ?? true,
    zero: extent.zero,
    data: extent.data,
    offset: extent.offset ?? null,
  }))
}

/** Before QEMU 6.1 the tool does not say `present`, and lists what nobody allocated as zeroes. */
type MapEntry = Omit<ImageExtent, 'offset' | 'present'> & { readonly offset?: number; readonly present?: boolean }

interface Specific {
  readonly 'data-file'?: string
  readonly bitmaps?: readonly { readonly name: string; readonly granularity: number; readonly flags: string[] }[]
}

/** What only qcow2 has. */
function specificOf(info: Readonly<Record<string, unknown>>): Specific {
  return (info['format-specific'] as { readonly data?: Specific } | undefined)?.data ?? {}
}

/** @throws FloeError `system/tool-failed` when it is no JSON */
export function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw toolFailed('qemu-img', `describe "${path}"`, 'Its answer was not JSON.', error)
  }
}
