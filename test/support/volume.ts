import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { tempDir } from './temp.ts'

/** A small file system of its own, in a file, really mounted. Needs root, as the test machines have it. */
export interface Volume extends Disposable {
  readonly path: string
  remount(how: 'ro' | 'rw'): void
  unmount(): void
  mount(): void
}

const make = {
  xfs: ['mkfs.xfs', '-q', '-m', 'reflink=1'],
  btrfs: ['mkfs.btrfs', '-q'],
  ext4: ['mkfs.ext4', '-q', '-m', '0'],
} as const

export function volume(kind: keyof typeof make, megabytes: number): Volume {
  const dir = tempDir('fv-')
  const image = dir.file('volume')
  const path = dir.file('mount')
  writeFileSync(image, '')
  truncateSync(image, megabytes * 2 ** 20)
  const [program, ...args] = make[kind]
  execFileSync(program, [...args, image], { stdio: 'ignore' })
  mkdirSync(path)
  let mounted = false
  const mount = () => {
    execFileSync('mount', ['-o', 'loop', image, path])
    mounted = true
  }
  const unmount = () => {
    if (mounted) execFileSync('umount', [path])
    mounted = false
  }
  mount()
  return {
    path,
    mount,
    unmount,
    remount: (how) => execFileSync('mount', ['-o', `remount,${how}`, path]),
    [Symbol.dispose]: () => {
      unmount()
      dir[Symbol.dispose]()
    },
  }
}
