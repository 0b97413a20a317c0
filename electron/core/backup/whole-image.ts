// Is a finished image whole? QEMU writes a qcow2 file's tables when the node is removed, and tells nobody when that
// fails (a destination that fills up at the last moment). Then data lies in the file that no table points at: leaked
// clusters, or bytes past the image's end. The job's own verdict covers everything before that.
import { stat } from 'node:fs/promises'
import { FloeError } from '../errors.ts'
import { identifyFile } from '../machines/file-identity.ts'
import { imageArgument, imageInfo, runTool } from '../qemu-img/index.ts'

export interface ImageReport {
  readonly corruptions?: number
  readonly 'check-errors'?: number
  readonly leaks?: number
  /** Bytes of the file that its tables account for. */
  readonly 'image-end-offset'?: number
}

/** What is wrong with an image, by `qemu-img check` and the file's size; null when it is whole. Pure. */
export function fault(report: ImageReport, fileSize: number): string | null {
  const errors = (report.corruptions ?? 0) + (report['check-errors'] ?? 0)
  if (errors > 0) return `${errors} errors in its tables`
  if ((report.leaks ?? 0) > 0) return `${report.leaks} clusters of data that its tables do not mention`
  const end = report['image-end-offset']
  if (end === undefined) return 'qemu-img did not say where the image ends'
  return fileSize > end ? `${fileSize - end} bytes that its tables do not mention` : null
}

/** What an image was when the backup began it; `identity` as identifyFile tells it, null when nobody remembers. */
interface Known {
  readonly virtualSize: number
  readonly identity: string | null
  /** The point it starts from: it may lie over that one's image. What it lies over exactly, the repository checks. */
  readonly parent?: string | null
}

/** @throws FloeError `system/tool-missing`, `system/tool-failed` when `qemu-img check` cannot tell */
export async function faultOf(
  path: string,
  known: Known,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  if (known.identity !== null && (await identifyFile(path)).key !== known.identity) {
    return 'another file was put in its place'
  }
  const info = await imageInfo(path, 'qcow2', { env }).catch((error: unknown) => {
    if (error instanceof FloeError && error.code === 'system/tool-failed') return error.message
    throw error
  })
  if (typeof info === 'string') return `it cannot be opened any more (${info.replace(/\.$/, '')})`
  const { virtualSize, backingFile } = info
  if (virtualSize !== known.virtualSize) return `it is an image of ${virtualSize} instead of ${known.virtualSize} bytes`
  if (backingFile !== null && (known.parent ?? null) === null) return 'it depends on another image'
  const args = ['check', '--output=json', imageArgument(path, 'qcow2')]
  const { stdout } = await runTool('qemu-img', `check "${path}"`, args, { env, accepted: [0, 2, 3] })
  return fault(JSON.parse(stdout) as ImageReport, (await stat(path)).size)
}
