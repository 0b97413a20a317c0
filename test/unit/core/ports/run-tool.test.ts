import { expect, it } from 'vitest'
import { runTool } from '../../../../electron/core/ports/run-tool.ts'

const shell = (script: string) => runTool('sh', ['-c', script])

it('a tool that found nothing answers nothing; one that complains or is missing fails', async () => {
  expect(await shell('echo a; exit 0')).toBe('a\n')
  expect(await shell('exit 1')).toBe('')
  expect(await shell('echo part; echo "lsof: status error on /x: No such file" >&2; exit 1')).toBe('part\n')
  await expect(shell('echo "cannot read" >&2; exit 1')).rejects.toThrow()
  await expect(shell('exit 3')).rejects.toThrow()
  await expect(runTool('no-such-tool', [])).rejects.toThrow('ENOENT')
})
