import { expect, it } from 'vitest'
import { createExt4Image, startLinuxGuest } from '../../support/linux-guest/guest.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

// The judge must be able to say no, or every proof that rests on it proves nothing.
it('the test guest’s judge accepts a powered-off disk and rejects a slow copy of the live image', async () => {
  using dir = tempDir()
  const image = await createExt4Image(dir.file('guest.qcow2'), 64)
  const fuzzy = dir.file('fuzzy.qcow2')
  {
    await using guest = await startLinuxGuest(image, 'run')
    await until(() => guest.acknowledged() > 200, 'two hundred steps')
    await guest.qemu.flush('vda')
    await run('qemu-img', 'convert', '-U', '-r', '1M', '-f', 'qcow2', '-O', 'qcow2', image, fuzzy)
    await run('qemu-img', 'check', '-q', fuzzy)
  }
  {
    await using judge = await startLinuxGuest(image, 'verify')
    expect(await judge.verdict()).toMatchObject({ good: true })
  }
  await using judge = await startLinuxGuest(fuzzy, 'verify')
  expect(await judge.verdict()).toMatchObject({ good: false })
})
