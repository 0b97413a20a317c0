import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseLockedVolumes, volumeNameOf } from '../../../../electron/core/ports/darwin/locked-volumes.ts'
import { parseFieldOutput, peerOf, unescapeName, workingFolders } from '../../../../electron/core/ports/darwin/lsof.ts'
import { parseMounts, volumesOf } from '../../../../electron/core/ports/darwin/mounts.ts'
import { createDarwinPlatform } from '../../../../electron/core/ports/darwin-platform.ts'
import { mountOf } from '../../../../electron/core/ports/linux/file-systems.ts'

const recorded = (name: string) => readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8')
const asked: string[][] = []
const platform = createDarwinPlatform(async (program, args) => {
  asked.push([program, ...args])
  if (program === 'ps') return recorded('ps')
  if (program === 'mount') return recorded('mount')
  if (program === 'sh') return readFileSync(new URL('fixtures/apfs-list.json', import.meta.url), 'utf8')
  if (args.includes('-U')) return recorded('lsof-unix')
  return recorded(args.includes('cwd') ? 'lsof-cwd' : 'lsof-open')
})

it('machines, other engines and what started them are listed; tools, editors and dead processes are not', async () => {
  const processes = await platform.listProcesses()
  expect(processes.map(({ pid }) => pid)).toEqual([4121, 4200, 4300, 4500, 4100])
  expect(asked).toContainEqual(['ps', '-axww', '-o', 'pid=,ppid=,user=,stat=,lstart=,command='])
})

it('a joined command line is split where QEMU’s options begin, so that blanks in values survive', async () => {
  const [debian, windows, renamed] = await platform.listProcesses()
  expect(debian?.args).toEqual([
    ...['/opt/homebrew/bin/qemu-system-aarch64', '-name', 'debian dev', '-machine', 'virt,accel=hvf,highmem=on'],
    ...['-cpu', 'host', '-m', '4G', '-drive', 'file=/Users/ann/my vms/debian-root.qcow2,if=virtio'],
    ...['-append', 'console=ttyAMA0 -quiet root=/dev/vda', '-qmp', 'unix:run/q p.sock,server=on,wait=off'],
    ...['-nographic', '-S'],
  ])
  expect(windows?.args).toEqual([
    ...['qemu-system-x86_64', '-nodefaults', '-hda', '/vms/win 11.img', '--qmp', 'tcp:127.0.0.1:4444,server,nowait'],
  ])
  expect(renamed?.args[0]).toBe('/Applications/My Tools.app/Contents/MacOS/emulator')
})

it('folder, user, start and a halted state are known', async () => {
  const [debian, windows] = await platform.listProcesses()
  expect(debian).toMatchObject({ user: 'ann', ppid: 4100, cwd: '/Users/ann/my vms/äpfel', stopped: false })
  expect(debian?.startedAt).toEqual(new Date('Sun Nov 22 09:00:01 2026'))
  expect(windows).toMatchObject({ user: 'root', cwd: '/vms', stopped: true })
})

it('the program at the other end of a busy socket is named', () => {
  const files = parseFieldOutput(recorded('lsof-unix'))
  expect(peerOf(files, ['/Users/ann/my vms/run/qp.sock'], 1)).toEqual({ pid: 5001, program: 'qmp-shell' })
  expect(peerOf(files, ['/Users/ann/my vms/run/qp.sock'], 5001)).toBeNull()
  expect(peerOf(files, ['/other'], 1)).toBeNull()
})

it('who has an image open is told once, and QEMU’s tools do not count', async () => {
  const holders = await platform.openHolders(['/private/tmp/disk a.qcow2'])
  expect(holders.filter(({ path }) => path === '/private/tmp/disk a.qcow2')).toEqual([
    { pid: 4121, program: 'qemu-system-aarch64', path: '/private/tmp/disk a.qcow2' },
  ])
})

it('drives are those a person sees and can write to', () => {
  const mounts = parseMounts(recorded('mount'))
  expect(volumesOf(mounts).map(({ name }) => name)).toEqual(['Samsung T7', 'STICK', 'Backups (1)'])
  expect(mountOf(mounts, '/Volumes/Samsung T7/a/b')).toMatchObject({ type: 'apfs', readOnly: false })
  expect(mountOf(mounts, '/Volumes/Installer/x')).toMatchObject({ type: 'hfs', readOnly: true })
  expect(mountOf(mounts, '/Users/ann')?.mountPoint).toBe('/')
})

it('names that lsof escapes are read back', () => {
  expect(unescapeName('/a\\x20b\\\\c\\n')).toBe('/a b\\c\n')
  expect(workingFolders('p1\nfcwd\nn/x\n')).toEqual(new Map([[1, '/x']]))
})

it('volumes that wait for their password are named', async () => {
  expect(await platform.lockedVolumes()).toEqual(['Backup Drive'])
  const listed = asked.length
  expect(await platform.lockedVolumes()).toEqual(['Backup Drive'])
  expect(asked.length, 'asked again').toBe(listed)
  expect(parseLockedVolumes('no JSON')).toEqual([])
  expect(parseLockedVolumes('{"Containers":"none"}')).toEqual([])
})

it('a path under /Volumes belongs to the volume of that name', () => {
  expect(volumeNameOf('/Volumes/Backup Drive/Floe Backups')).toBe('Backup Drive')
  expect(volumeNameOf('/Users/ann/Backups')).toBeNull()
})
