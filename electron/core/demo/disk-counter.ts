import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ports } from '../ports/index.ts'
import { imageArgument, runTool } from '../qemu-img/index.ts'
import { counterOf } from './disk-content.ts'
import { sectorBytes, stateLba } from './disk-layout.ts'

/**
 * The number on the disk of a demo machine that is off; null when the disk holds none.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`; the system's error when the file cannot be read
 */
export async function readDiskCounter(path: string, ports: Pick<Ports, 'env'>): Promise<number | null> {
  const format = await imageFormat(path)
  const folder = await mkdtemp(join(tmpdir(), 'floe-demo-'))
  try {
    const start = join(folder, 'start')
    const args = ['dd', '-O', 'raw', `bs=${sectorBytes}`, `count=${stateLba + 1}`]
    args.push(`if=${imageArgument(path, format)}`, `of=${start}`)
    await runTool('qemu-img', 'read the number of the demo machine', args, { env: ports.env })
    return counterOf((await readFile(start)).subarray(stateLba * sectorBytes))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A restore may have left a raw image: look instead of assuming. */
async function imageFormat(path: string): Promise<'qcow2' | 'raw'> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.equals(Buffer.from('QFI\xfb', 'latin1')) ? 'qcow2' : 'raw'
  } finally {
    await file.close()
  }
}
