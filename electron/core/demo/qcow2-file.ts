// Writes a qcow2 image (version 3, clusters of 64 KiB) that holds the first bytes of a disk; the rest reads as zeros.
// The format is in QEMU's docs/interop/qcow2.txt. Small disks only: one refcount block describes the whole file.

const clusterBits = 16
const clusterBytes = 1 << clusterBits
const entriesPerTable = clusterBytes / 8
const copied = 1n << 63n

/** @returns the file; `content` must fit into `virtualSize`, and the file into 32768 clusters (2 GiB) */
export function qcow2File(content: Buffer, virtualSize: number): Buffer {
  const zeros = Buffer.alloc(clusterBytes)
  const tables = Math.ceil(virtualSize / (clusterBytes * entriesPerTable))
  const clusters = Math.ceil(content.length / clusterBytes)
  const l1 = Buffer.alloc(clusterBytes)
  const l2 = Buffer.alloc(tables * clusterBytes)
  const data: Buffer[] = []
  const l2Start = 4
  const dataStart = l2Start + tables
  for (let table = 0; table < tables; table++) writeEntry(l1, table, l2Start + table)
  for (let index = 0; index < clusters; index++) {
    const piece = content.subarray(index * clusterBytes, (index + 1) * clusterBytes)
    if (zeros.subarray(0, piece.length).equals(piece)) continue
    writeEntry(l2, index, dataStart + data.length)
    data.push(piece)
  }
  const used = dataStart + data.length
  if (used > clusterBytes / 2)
    throw new RangeError(`A qcow2 file of ${used} clusters needs more than one refcount block`)
  const refcountTable = Buffer.alloc(clusterBytes)
  refcountTable.writeBigUInt64BE(BigInt(2 * clusterBytes), 0)
  const refcounts = Buffer.alloc(clusterBytes)
  for (let index = 0; index < used; index++) refcounts.writeUInt16BE(1, index * 2)
  const parts = [header(virtualSize, tables), refcountTable, refcounts, l1, l2, ...data]
  const file = Buffer.alloc(used * clusterBytes)
  let offset = 0
  for (const part of parts) {
    part.copy(file, offset)
    offset += Math.ceil(part.length / clusterBytes) * clusterBytes
  }
  return file
}

function writeEntry(table: Buffer, index: number, cluster: number): void {
  table.writeBigUInt64BE(BigInt(cluster * clusterBytes) | copied, index * 8)
}

function header(virtualSize: number, tables: number): Buffer {
  const bytes = Buffer.alloc(clusterBytes)
  bytes.set([0x51, 0x46, 0x49, 0xfb], 0)
  bytes.writeUInt32BE(3, 4)
  bytes.writeUInt32BE(clusterBits, 20)
  bytes.writeBigUInt64BE(BigInt(virtualSize), 24)
  bytes.writeUInt32BE(tables, 36)
  bytes.writeBigUInt64BE(BigInt(3 * clusterBytes), 40)
  bytes.writeBigUInt64BE(BigInt(clusterBytes), 48)
  bytes.writeUInt32BE(1, 56)
  bytes.writeUInt32BE(4, 96)
  bytes.writeUInt32BE(112, 100)
  return bytes
}
