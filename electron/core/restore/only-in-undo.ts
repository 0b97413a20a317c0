// What an image has beside its content as the guest sees it. A restored image holds the content alone, so whatever else
// there was stays in the undo copy only, and must be said before anybody clicks.
import type { PointDisk } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import { imageInfo } from '../qemu-img/index.ts'
import type { Look } from './stamp.ts'
import { bytesInWords, countInWords } from './words.ts'

interface Image {
  readonly disk: Pick<PointDisk, 'virtualSize'>
  readonly imagePath: string
  readonly format: 'qcow2' | 'raw'
  readonly stats: Look | null
}

/** Sentences about one image; empty when the undo copy is a copy like any other. */
export async function onlyInUndoCopy(
  image: Image,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const { imagePath, format, disk, stats } = image
  if (stats === null) return []
  const texts: string[] = []
  if (stats.nlink > 1) texts.push(`"${imagePath}" has other names (hard links), which keep showing the image of now.`)
  let info: Awaited<ReturnType<typeof imageInfo>>
  try {
    info = await imageInfo(imagePath, format, { env, shared: true })
  } catch (error) {
    if (!(error instanceof FloeError) || error.code !== 'system/tool-failed') throw error
    return [...texts, `What else "${imagePath}" holds can't be told: ${error.message}`]
  }
  if (info.encrypted) texts.push(`"${imagePath}" is encrypted; the restored image will NOT be.`)
  if (info.snapshots.length > 0) {
    texts.push(
      `"${imagePath}" has ${countInWords(info.snapshots.length, 'internal snapshot')}; the restored image has none.`,
    )
  }
  if (info.backingFile !== null) {
    texts.push(`"${imagePath}" lies over "${info.backingFile}"; the restored image stands alone and takes more space.`)
  }
  if (info.dataFile !== null) {
    texts.push(`"${imagePath}" keeps its data in "${info.dataFile}"; keep that file as long as the undo copy.`)
  }
  if (info.virtualSize !== disk.virtualSize) {
    const [was, now] = [bytesInWords(disk.virtualSize), bytesInWords(info.virtualSize)]
    texts.push(`The disk "${imagePath}" is ${now} large and will be ${was} again.`)
  }
  return texts
}
