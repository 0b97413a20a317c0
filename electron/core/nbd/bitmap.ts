import type { Extents } from '../extents/extents.ts'
import type { ToolOptions } from '../qemu-img/index.ts'
import { NbdClient } from './client.ts'
import { serveImage } from './server.ts'

/** All that the bitmap of this connection marks. @throws NbdServerError, NbdConnectionError */
export const readDirty = (client: NbdClient): Promise<Extents> => client.dirtyExtents(0, client.size)

/**
 * What a persistent bitmap of a qcow2 image marks, read from the image itself while nobody has it open for writing. Its
 * backing files stay closed.
 * @throws FloeError `system/tool-missing`, `system/tool-failed` (no such bitmap, or it is inconsistent), NbdConnectionError
 */
export async function readImageBitmap(path: string, bitmap: string, options: ToolOptions = {}): Promise<Extents> {
  await using server = await serveImage({ path, format: 'qcow2' }, { ...options, bitmap, backing: 'none' })
  const client = await NbdClient.connect(server.socketPath, { dirtyBitmap: bitmap })
  try {
    return await readDirty(client)
  } finally {
    client.close()
  }
}
