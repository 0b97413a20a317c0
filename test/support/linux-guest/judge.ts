// Judges images of the test guest without booting it (guest.md 3): what ext4 says of itself, and what the workload's
// records say. Works on a copy of the guest's data, so the image is only read.
import { mkdirSync, readFileSync } from 'node:fs'
import { run } from '../run.ts'
import { tempDir } from '../temp.ts'

export interface Verdict {
  readonly good: boolean
  /** The last step that all judged disks have. */
  readonly end: number
  readonly text: string
}

const superblock = 1024
const incompatibleFeatures = 0x60
const needsRecoveryFlag = 0x4

const qcow2 = (path: string) => ({ driver: 'qcow2', file: { driver: 'file', filename: path } })

/**
 * Does the ext4 in a qcow2 image have to replay its journal when it is mounted? The flag is set as long as a file
 * system is mounted and written to, and cleared by a freeze (kernel doc: filesystems/ext4/super).
 * @param partition where the file system begins, in bytes
 */
export async function needsRecovery(image: string, partition = 0): Promise<boolean> {
  using dir = tempDir()
  const head = dir.file('head')
  const part = { driver: 'raw', offset: partition, size: 4096, file: qcow2(image) }
  await run('qemu-img', 'convert', '-U', '-O', 'raw', `json:${JSON.stringify(part)}`, head)
  const bytes = readFileSync(head)
  if (bytes.readUInt16LE(superblock + 0x38) !== 0xef53) throw new Error(`There is no ext4 at ${partition} in ${image}`)
  return (bytes.readUInt32LE(superblock + incompatibleFeatures) & needsRecoveryFlag) !== 0
}

async function extract(image: string, raw: string, folder: string): Promise<string | null> {
  await run('qemu-img', 'convert', '-O', 'raw', `json:${JSON.stringify(qcow2(image))}`, raw)
  const status = async (...options: string[]): Promise<number> => {
    try {
      await run('e2fsck', ...options, raw)
      return 0
    } catch (error) {
      return (error as { code: number }).code
    }
  }
  // 1: replayed the journal and put the counts of free blocks right. More than that, or complaints after it, is damage.
  const first = await status('-fy')
  const second = await status('-fn')
  if (first > 1 || second !== 0) return `e2fsck ends with ${first} and then ${second}`
  mkdirSync(folder)
  await run('debugfs', '-R', `rdump / ${folder}`, raw)
  return null
}

/** Judges one image, or two that claim to show the same instant: the order is the order of the guest's disks. */
export async function judgeImages(...images: readonly string[]): Promise<Verdict> {
  using dir = tempDir()
  const folders: string[] = []
  for (const [index, image] of images.entries()) {
    const folder = dir.file(`out${index}`)
    const damage = await extract(image, dir.file(`disk${index}`), folder)
    if (damage) return { good: false, end: 0, text: `${image}: ${damage}` }
    folders.push(folder)
  }
  const workload = new URL('workload.pl', import.meta.url).pathname
  const text = await run('perl', workload, 'verify', ...folders).catch(
    (error: { stdout?: string; message: string }) => {
      if (error.stdout?.includes('VERIFIED')) return error.stdout
      throw error
    },
  )
  const [, word, end] = /VERIFIED (GOOD|BAD) end=(\d+)/.exec(text) ?? []
  return { good: word === 'GOOD', end: Number(end), text: text.trim() }
}
