import { imageArgument } from './image-argument.ts'
import { type ImageInfo, infoOf, parse } from './images.ts'
import { runTool, type ToolOptions } from './tool.ts'

/** One image of a backing chain. `name` is QEMU's name for it: an absolute path, or something else when it is no plain file. */
export interface ChainLink extends ImageInfo {
  readonly name: string
}

/**
 * An image and its backing files, the image itself first.
 * @throws FloeError `system/tool-missing`, `system/tool-failed` (a missing file, another format, an image in use)
 */
export async function imageChain(path: string, format: string, options: ToolOptions = {}): Promise<ChainLink[]> {
  const args = ['info', '--backing-chain', '--output=json', imageArgument(path, format)]
  const { stdout } = await runTool('qemu-img', `read the header of "${path}"`, args, options)
  const chain = parse(stdout, path) as readonly Readonly<Record<string, unknown>>[]
  return chain.map((info) => ({ ...infoOf(info), name: String(info.filename) }))
}
