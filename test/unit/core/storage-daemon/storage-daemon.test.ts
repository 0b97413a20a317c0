import { expect, it, vi } from 'vitest'

it('without the daemon on this computer the error says what to install, and that a running machine can be backed up', async () => {
  vi.resetModules()
  vi.doMock('node:fs/promises', async (original) => ({
    ...(await original<typeof import('node:fs/promises')>()),
    access: () => Promise.reject(new Error('ENOENT')),
  }))
  const { startStorageDaemon } = await import('../../../../electron/core/storage-daemon/storage-daemon.ts')
  const clock = { now: () => new Date(), monotonic: () => performance.now() }
  await expect(startStorageDaemon({ clock, env: {} })).rejects.toMatchObject({
    code: 'system/tool-missing',
    params: { tool: 'qemu-storage-daemon' },
    remedy: expect.stringMatching(/^Install it with: .* while it runs\.$/),
  })
  vi.doUnmock('node:fs/promises')
})
