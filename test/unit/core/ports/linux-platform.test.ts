import { spawn } from 'node:child_process'
import { mkdirSync, openSync, realpathSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { mountOf, parseMountInfo, volumesAmong } from '../../../../electron/core/ports/linux/file-systems.ts'
import { parseStat } from '../../../../electron/core/ports/linux/processes.ts'
import { parseSocketTable, peerIn } from '../../../../electron/core/ports/linux/socket-peer.ts'
import { createPlatform } from '../../../../electron/core/ports/node-ports.ts'
import { tempDir } from '../../../support/temp.ts'

const platform = createPlatform()

it('the parent and start of a process are read although its name may hold anything', () => {
  const tail = `S 7 1 1 0 -1 4194560 ${'0 '.repeat(12)}4242 rest`
  expect(parseStat(`12 (a ) b (c) ${tail}`)).toEqual({ state: 'S', ppid: 7, startTicks: 4242 })
})

it('the other end of a socket is found in what ss shows, with blanks in paths', () => {
  const sockets = parseSocketTable(
    [
      'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
      'u_str LISTEN 0      0      /tmp/a b/q 100 * 0 users:(("qemu-system-x86",pid=7,fd=9))',
      'u_str ESTAB  0      0      /tmp/a b/q 101 * 202 users:(("qemu-system-x86",pid=7,fd=11))',
      'u_str ESTAB  0      0      * 202 * 101 users:(("qmp-shell",pid=8,fd=3),("child",pid=9,fd=3))',
    ].join('\n'),
  )
  const servers = sockets.filter(({ path }) => path === '/tmp/a b/q')
  expect(peerIn(sockets, servers, 1)).toEqual({ program: 'qmp-shell', pid: 8 })
  expect(peerIn(sockets, servers, 8)).toEqual({ program: 'child', pid: 9 })
  expect(peerIn(sockets, [], 1)).toBeNull()
})

it('mounts are read with their blanks and options', () => {
  const mounts = parseMountInfo(
    [
      '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
      '40 22 8:17 / /media/ann/My\\040Disk rw,nosuid shared:5 - exfat /dev/sdb1 rw,errors=remount-ro',
      '41 22 8:18 / /media/ann/CD ro,nosuid - iso9660 /dev/sr0 ro',
      '42 40 0:50 / /media/ann/My\\040Disk/in rw - fuse.x x ro',
    ].join('\n'),
  )
  expect(mountOf(mounts, '/media/ann/My Disk/a')).toMatchObject({ type: 'exfat', readOnly: false })
  expect(mountOf(mounts, '/media/ann/My Disk/in/a')).toMatchObject({ readOnly: true })
  expect(mountOf(mounts, '/media/ann/My Diskette')?.mountPoint).toBe('/')
  expect(volumesAmong(mounts).map(({ name }) => name)).toEqual(['My Disk'])
})

it.runIf(process.platform === 'linux')(
  'open files are seen by path, by link and after removal; Floe’s own are not',
  async () => {
    using dir = tempDir()
    mkdirSync(dir.file('a b'))
    const path = dir.file('a b', 'x, ü')
    writeFileSync(path, 'x')
    symlinkSync(path, dir.file('link'))
    openSync(path, 'r')
    expect(await platform.openHolders([path])).toEqual([])
    const child = spawn('sleep', ['60'], { stdio: [openSync(path, 'r'), 'ignore', 'ignore'] })
    try {
      const holder = { pid: child.pid, program: 'sleep', path }
      expect(await platform.openHolders([path])).toEqual([holder])
      expect(await platform.openHolders([dir.file('link')])).toEqual([{ ...holder, path: dir.file('link') }])
      unlinkSync(path)
      expect(await platform.openHolders([`${realpathSync(dir.file('a b'))}/x, ü`])).toMatchObject([{ pid: child.pid }])
    } finally {
      child.kill('SIGKILL')
    }
  },
)

it.runIf(process.platform === 'linux')(
  'the program that is connected to a socket is named, whatever the path',
  async () => {
    using dir = tempDir()
    const path = dir.file('s p')
    const server = createServer().listen(path)
    const connected = new Promise<void>((resolve) => server.once('connection', () => resolve()))
    const script = `const { connect } = require('node:net'); connect(${JSON.stringify(path)})`
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
    try {
      await connected
      expect(await platform.socketPeer(path)).toMatchObject({ pid: child.pid })
    } finally {
      child.kill('SIGKILL')
      server.close()
    }
  },
)

it.runIf(process.platform === 'linux')('the file system of a path is named', async () => {
  expect(await platform.fileSystem('/proc/self')).toMatchObject({ type: 'proc', mountPoint: '/proc' })
  await expect(platform.fileSystem('/not/there')).rejects.toThrow()
})
