import { mkdirSync } from 'node:fs'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { tempDir } from '../../support/temp.ts'
import { floe } from '../cli/floe-command.ts'
import { filesIn } from './world.ts'

/** A home that knows one writing guest, for tests of the command. */
export async function cliWorld(options: { blocks?: number; args?: readonly string[] } = {}) {
  const dir = tempDir('fe-')
  const name = `guest ${dir.path}`
  const guest = await startDemoGuest({ hidden: true, blocks: options.blocks ?? 256, pauseMs: 20, ...options })
  const home = dir.file('home')
  mkdirSync(home)
  await floe(home, 'machine', 'add', '--qmp', guest.qmpPath, '--name', name)
  return {
    dir,
    guest,
    home,
    name,
    left: () => ['exports', 'scratch', 'run'].flatMap((folder) => filesIn(dir.file('home', folder))),
    [Symbol.asyncDispose]: async () => {
      await guest[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}
