import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { tempDir } from './temp.ts'

const limitsFile = '/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device'

/** Can this computer make a drive slow? Linux with the block I/O controller of control groups, version 1, as root. */
export const canSlowDown = (): boolean => process.getuid?.() === 0 && existsSync(limitsFile)

/**
 * A folder on a drive that takes `bytesPerSecond` and no more: ext4 on a loop device that the kernel holds back, mounted
 * so that every write waits for the drive, as one over a network does. Its blocks lie in memory: it has nothing to do
 * with the drive of the guest.
 */
export function slowVolume(megabytes: number, bytesPerSecond: number): Disposable & { readonly path: string } {
  const dir = tempDir('fs-')
  const [medium, path] = [dir.file('medium'), dir.file('mount')]
  mkdirSync(medium)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes + 16}m`, 'floe-bench', medium])
  const image = `${medium}/volume`
  writeFileSync(image, '')
  truncateSync(image, megabytes * 2 ** 20)
  execFileSync('mkfs.ext4', ['-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image], {
    stdio: 'ignore',
  })
  mkdirSync(path)
  const device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim()
  const number = readFileSync(`/sys/block/${basename(device)}/dev`, 'utf8').trim()
  const slowDown = (speed: number) => writeFileSync(limitsFile, `${number} ${speed}`)
  execFileSync('mount', ['-o', 'sync', device, path])
  slowDown(bytesPerSecond)
  return {
    path,
    [Symbol.dispose]: () => {
      slowDown(0)
      execFileSync('umount', [path])
      execFileSync('losetup', ['-d', device])
      execFileSync('umount', ['-l', medium])
      dir[Symbol.dispose]()
    },
  }
}
