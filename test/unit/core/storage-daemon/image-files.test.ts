import { copyFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { changesSince, factsOf } from '../../../../electron/core/storage-daemon/image-files.ts'
import { until } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'

const changes: [string, (path: string) => void, RegExp][] = [
  ['written to', (path) => writeFileSync(path, 'abd'), /written to/],
  ['resized', (path) => truncateSync(path, 10), /another size/],
  [
    'replaced by an equal copy',
    (path) => {
      copyFileSync(path, `${path}.new`)
      renameSync(`${path}.new`, path)
    },
    /took the place/,
  ],
  ['removed', (path) => rmSync(path), /not there any more/],
]

it.each(changes)('a file that was %s is told', async (_what, change, words) => {
  using dir = tempDir()
  const path = dir.file('image, "odd"')
  writeFileSync(path, 'abc')
  const before = [await factsOf(path)]
  expect(await changesSince(before)).toEqual([])
  await untilTimeMoves(dir.file('tick'))
  change(path)
  expect(await changesSince(before)).toEqual([expect.stringMatching(words)])
})

it('a file that was written to and given its old times back is told all the same', async () => {
  using dir = tempDir()
  const path = dir.file('image')
  writeFileSync(path, 'abc')
  utimesSync(path, 1_700_000_000, 1_700_000_000)
  const before = [await factsOf(path)]
  await untilTimeMoves(dir.file('tick'))
  writeFileSync(path, 'abd')
  utimesSync(path, 1_700_000_000, 1_700_000_000)
  expect(await changesSince(before)).toEqual([expect.stringMatching(/was changed/)])
})

/** File systems count time in ticks of some milliseconds. */
async function untilTimeMoves(path: string): Promise<void> {
  writeFileSync(path, '')
  const { mtimeNs } = await factsOf(path)
  await until(async () => {
    writeFileSync(path, '')
    return (await factsOf(path)).mtimeNs !== mtimeNs
  }, 'the clock of the file system to move')
}
