// Makes the demo machine's disk: one image that starts on x86 with a BIOS, and on aarch64 and x86_64 with UEFI.

import { blankRecord, fillBlock, stateSector } from './disk-content.ts'
import {
  blockBytes,
  configLba,
  dataLba,
  programLba,
  ringLba,
  ringLength,
  sectorBytes,
  stateLba,
  systemPartitionLba,
  systemPartitionSectors,
  usedBytes,
} from './disk-layout.ts'
import { fatVolume } from './fat-volume.ts'
import { biosProgram, uefiProgramArm, uefiProgramX86 } from './guest/programs.ts'
import { qcow2File } from './qcow2-file.ts'
import { uefiImage } from './uefi-image.ts'

export interface DemoDiskOptions {
  /** Data blocks of 4 KiB that the guest writes to in turns. Default 512 (2 MiB). */
  readonly blocks?: number
  /** Pause between two numbers in milliseconds; 0 counts as fast as the disk allows. Default 110. */
  readonly pauseMs?: number
  /** The number the disk starts from. Default 0. */
  readonly counter?: number
}

const biosTickMs = 54.925

/** The disk's bytes up to its last block, as a raw image would hold them. */
export function demoDiskBytes(options: DemoDiskOptions = {}): Buffer {
  const { blocks = 512, pauseMs = 110, counter = 0 } = options
  const disk = Buffer.alloc(usedBytes(blocks))
  const program = Buffer.from(biosProgram, 'base64')
  program.copy(disk, 0, 0, sectorBytes)
  program.copy(disk, programLba * sectorBytes, sectorBytes)
  writePartition(disk)
  const config = configLba * sectorBytes
  disk.write('FLOECONF', config, 'latin1')
  disk.writeUInt32LE(blocks, config + 8)
  disk.writeUInt32LE(Math.round(pauseMs / biosTickMs), config + 12)
  disk.writeUInt32LE(pauseMs * 10_000, config + 16)
  stateSector(counter).copy(disk, stateLba * sectorBytes)
  disk.fill(blankRecord, ringLba * sectorBytes, (ringLba + ringLength) * sectorBytes)
  const files = new Map([
    ['EFI/BOOT/BOOTAA64.EFI', uefiImage('aarch64', Buffer.from(uefiProgramArm, 'base64'))],
    ['EFI/BOOT/BOOTX64.EFI', uefiImage('x86_64', Buffer.from(uefiProgramX86, 'base64'))],
  ])
  fatVolume(files, systemPartitionSectors, systemPartitionLba).copy(disk, systemPartitionLba * sectorBytes)
  const words = new Uint32Array(blockBytes / 4)
  const bytes = Buffer.from(words.buffer)
  for (let block = 0; block < blocks; block++) {
    fillBlock(words, block, 0)
    bytes.copy(disk, dataLba * sectorBytes + block * blockBytes)
  }
  return disk
}

/** The disk as a qcow2 file. Its size is rounded up to whole 16 MiB. */
export function demoDiskFile(options: DemoDiskOptions = {}): Buffer {
  const bytes = demoDiskBytes(options)
  return qcow2File(bytes, Math.ceil(bytes.length / (16 << 20)) * (16 << 20))
}

/** One entry in the boot sector's partition table: the EFI system partition. */
function writePartition(disk: Buffer): void {
  const entry = 446
  disk.set([0, 0xff, 0xff, 0xff, 0xef, 0xff, 0xff, 0xff], entry)
  disk.writeUInt32LE(systemPartitionLba, entry + 8)
  disk.writeUInt32LE(systemPartitionSectors, entry + 12)
}
