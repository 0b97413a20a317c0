import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

export interface Entry {
  /** Path in the guest, without a leading slash. */
  readonly name: string
  /** File to take the content from, or the content; null for a folder. */
  readonly content: string | Buffer | null
  readonly executable?: boolean
}

const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4)

function member(number: number, name: string, mode: number, data: Buffer): Buffer[] {
  const path = Buffer.from(`${name}\0`)
  const fields = [number, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, path.length, 0]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return [Buffer.from(header), path, padding(header.length + path.length), data, padding(data.length)]
}

/** A Linux initial file system: a gzipped cpio archive in the `newc` format (kernel doc: early-userspace/buffer-format). */
export function initramfs(entries: readonly Entry[]): Buffer {
  const folders = new Set<string>()
  for (const { name, content } of entries) {
    const parts = name.split('/')
    const depth = content === null ? parts.length : parts.length - 1
    for (let length = 1; length <= depth; length += 1) folders.add(parts.slice(0, length).join('/'))
  }
  let number = 1
  const parts: Buffer[] = []
  for (const folder of [...folders].sort()) parts.push(...member(number++, folder, 0o40755, Buffer.alloc(0)))
  for (const { name, content, executable } of entries) {
    if (content === null) continue
    const data = typeof content === 'string' ? readFileSync(content) : content
    parts.push(...member(number++, name, executable ? 0o100755 : 0o100644, data))
  }
  parts.push(...member(number, 'TRAILER!!!', 0, Buffer.alloc(0)))
  return gzipSync(Buffer.concat(parts), { level: 1 })
}
