import type { Disk } from '../../../shared/domain/disk.ts'

/** What a disk's images hold, never more than its size. Bytes. */
export const bytesHeld = (disk: Disk): number => Math.min(disk.allocatedSize, disk.virtualSize)

/** Image file name, for people. */
export const diskName = (disk: Disk): string => disk.imagePath?.split('/').pop() ?? disk.id
