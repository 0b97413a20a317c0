// Where things lie on the demo disk, in sectors of 512 bytes. guest/bios.S and guest/uefi.c know the same numbers.
// The sector with the counter comes first and the data last, so that a copy that was not made at one instant
// carries blocks from the future and is found out (verify-disk.ts).

export const sectorBytes = 512
export const blockBytes = 4096

/** Sectors of the BIOS program after the boot sector. */
export const programLba = 1
/** "FLOECONF", number of blocks (32 bit), pause in BIOS ticks (32 bit), pause in 100 ns (32 bit). */
export const configLba = 16
/** "FLOEDEMO", counter (64 bit), CRC-32 of these 16 bytes. */
export const stateLba = 24
/** A text record for each of the last `ringLength` numbers, in sector `ringLba + counter % ringLength`. */
export const ringLba = 64
export const ringLength = 1024
/** The EFI system partition with the UEFI programs. */
export const systemPartitionLba = 2048
export const systemPartitionSectors = 2048
export const dataLba = 4096

/** Bytes from the start of the disk to the end of its last data block. */
export function usedBytes(blocks: number): number {
  return dataLba * sectorBytes + blocks * blockBytes
}
