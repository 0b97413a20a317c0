// A FAT12 volume with a few small files: the EFI system partition of the demo disk. Written by hand because the demo
// must need nothing but QEMU. One sector per cluster, root directory of 16 entries, folders of one cluster.
import { sectorBytes } from './disk-layout.ts'

const fatSectors = 6
const reservedSectors = 1
const rootSectors = 1
const endOfChain = 0xfff

/** `files`: path of 8.3 names in capitals, e.g. `EFI/BOOT/BOOTX64.EFI`. `hiddenSectors`: where the volume starts on its disk. */
export function fatVolume(files: ReadonlyMap<string, Buffer>, sectors: number, hiddenSectors: number): Buffer {
  const volume = Buffer.alloc(sectors * sectorBytes)
  writeBootSector(volume, sectors, hiddenSectors)
  const fat: number[] = [0xff8, endOfChain]
  const store = (content: Buffer): number => {
    const first = fat.length
    const count = Math.ceil(content.length / sectorBytes)
    for (let index = 0; index < count; index++) fat.push(index === count - 1 ? endOfChain : first + index + 1)
    content.copy(volume, clusterOffset(first))
    return first
  }
  const storeFolder = (prefix: string, parent: number | null): number => {
    const own = parent === null ? 0 : store(Buffer.alloc(sectorBytes))
    const entries: Buffer[] = parent === null ? [] : [entry('.', own, null), entry('..', parent, null)]
    for (const name of namesIn(files, prefix)) {
      const content = files.get(prefix + name)
      if (content) entries.push(entry(name, store(content), content.length))
      else entries.push(entry(name, storeFolder(`${prefix}${name}/`, own), null))
    }
    const offset = parent === null ? (reservedSectors + fatSectors) * sectorBytes : clusterOffset(own)
    Buffer.concat(entries).copy(volume, offset)
    return own
  }
  storeFolder('', null)
  fat.forEach((value, index) => {
    const offset = reservedSectors * sectorBytes + Math.floor(index * 1.5)
    const pair = volume.readUInt16LE(offset)
    volume.writeUInt16LE(index % 2 === 0 ? (pair & 0xf000) | value : (pair & 0x000f) | (value << 4), offset)
  })
  return volume
}

function namesIn(files: ReadonlyMap<string, Buffer>, prefix: string): Set<string> {
  const below = [...files.keys()].filter((path) => path.startsWith(prefix))
  return new Set(below.map((path) => path.slice(prefix.length).split('/')[0] as string))
}

function clusterOffset(cluster: number): number {
  return (reservedSectors + fatSectors + rootSectors + cluster - 2) * sectorBytes
}

/** A directory entry; a folder has no size. */
function entry(name: string, cluster: number, size: number | null): Buffer {
  const bytes = Buffer.alloc(32)
  const [base = '', extension = ''] = name.startsWith('.') ? [name] : name.split('.')
  bytes.write(base.padEnd(8) + extension.padEnd(3), 0, 'latin1')
  bytes[11] = size === null ? 0x10 : 0x20
  bytes.writeUInt16LE(0x0021, 24)
  bytes.writeUInt16LE(cluster, 26)
  bytes.writeUInt32LE(size ?? 0, 28)
  return bytes
}

function writeBootSector(volume: Buffer, sectors: number, hiddenSectors: number): void {
  volume.set([0xeb, 0x3c, 0x90], 0)
  volume.write('FLOE    ', 3, 'latin1')
  volume.writeUInt16LE(sectorBytes, 11)
  volume[13] = 1
  volume.writeUInt16LE(reservedSectors, 14)
  volume[16] = 1
  volume.writeUInt16LE((rootSectors * sectorBytes) / 32, 17)
  volume.writeUInt16LE(sectors, 19)
  volume[21] = 0xf8
  volume.writeUInt16LE(fatSectors, 22)
  volume.writeUInt16LE(32, 24)
  volume.writeUInt16LE(2, 26)
  volume.writeUInt32LE(hiddenSectors, 28)
  volume.set([0x80, 0, 0x29], 36)
  volume.writeUInt32LE(0x464c4f45, 39)
  volume.write('FLOE DEMO  FAT12   ', 43, 'latin1')
  volume.set([0x55, 0xaa], 510)
}
