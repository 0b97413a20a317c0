import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { smallVolume } from './backup-world.ts'

/** A drive that tells of room it has not (a thin one): once its medium is worn out, every write to a new place fails. */
export function brittleVolume(): Disposable & { readonly path: string; wearOut(): void } {
  const medium = smallVolume(96 << 20)
  const [image, path] = [`${medium.path}/volume`, `${medium.path}/mount`]
  writeFileSync(image, '')
  truncateSync(image, 512 << 20)
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image], { stdio: 'ignore' })
  mkdirSync(path)
  execFileSync('mount', ['-o', 'loop,sync', image, path])
  return {
    path,
    wearOut: () => {
      execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2> /dev/null || true', 'fill', `${medium.path}/wear`])
    },
    [Symbol.dispose]: () => {
      rmSync(`${medium.path}/wear`, { force: true })
      execFileSync('umount', ['-l', path])
      medium[Symbol.dispose]()
    },
  }
}
