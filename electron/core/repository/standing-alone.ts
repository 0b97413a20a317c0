import { join } from 'node:path'
import type { Damage } from '../../../shared/domain/point.ts'
import { imageInfo, type ToolOptions } from '../qemu-img/index.ts'
import type { ManifestDisk } from './manifest.ts'

/**
 * What an image leans on although its manifest says that it stands alone: a backing file or a data file somewhere else,
 * which may change or go at any time, or be a file that is nobody's business. Null when nothing.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`
 */
export async function foreignPart(folder: string, disk: ManifestDisk, options: ToolOptions): Promise<Damage | null> {
  const info = await imageInfo(join(folder, disk.file), disk.format, options)
  const outside = info.dataFile ?? (disk.backing === null ? info.backingFile : null)
  if (outside === null) return null
  const text = `The image "${disk.file}" is not whole: a part of it is in "${outside}".`
  return { diskId: disk.id, file: disk.file, kind: 'structure', offset: null, length: null, text }
}
