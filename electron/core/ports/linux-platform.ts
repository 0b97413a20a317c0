// Linux below Node's own API: processes and open files from /proc, mounts from mountinfo, socket peers from `ss`.
import type { Platform } from './index.ts'
import { externalVolumesOnLinux, fileSystemOnLinux } from './linux/file-systems.ts'
import { openHoldersOnLinux } from './linux/open-files.ts'
import { listLinuxProcesses } from './linux/processes.ts'
import { socketPeerOnLinux } from './linux/socket-peer.ts'

export function createLinuxPlatform(): Platform {
  return {
    name: 'linux',
    listProcesses: listLinuxProcesses,
    openHolders: openHoldersOnLinux,
    socketPeer: socketPeerOnLinux,
    fileSystem: fileSystemOnLinux,
    externalVolumes: externalVolumesOnLinux,
    // A locked LUKS drive has no name and no mount point to know it by.
    lockedVolumes: async () => [],
  }
}
