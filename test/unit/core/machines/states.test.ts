import { expect, it } from 'vitest'
import { FloeError } from '../../../../electron/core/errors.ts'
import { launcherOfSocket, limaVmType, otherEngineOf } from '../../../../electron/core/machines/launchers.ts'
import { errorOfState, plainName, socketOption, stateOfError } from '../../../../electron/core/machines/states.ts'

const endpoint = { kind: 'unix', path: "/tmp/ann's vm/q" } as const

it('a socket of another user asks for one command that holds the path', async () => {
  const state = await stateOfError(new FloeError('machine/no-permission', 'No.'), endpoint, 'root')
  expect(state).toEqual({
    kind: 'no-permission',
    user: 'root',
    command: `sudo chown "$USER" '/tmp/ann'\\''s vm/q'`,
  })
  expect(state && errorOfState('vm', state)?.remedy).toContain('sudo chown')
})

it('each kind of trouble has a state of its own', async () => {
  const kindOf = async (code: 'machine/busy' | 'machine/speaks-hmp' | 'machine/timeout' | 'machine/refused') =>
    (await stateOfError(new FloeError(code, 'x', { params: { pid: 7, program: 'p' } }), endpoint, null))?.kind ?? null
  expect(await Promise.all([kindOf('machine/busy'), kindOf('machine/speaks-hmp')])).toEqual(['busy', 'not-qmp'])
  expect(await Promise.all([kindOf('machine/timeout'), kindOf('machine/refused')])).toEqual(['silent', null])
})

it('the option for a socket fits any file system', () => {
  expect(socketOption('Ann’s Débian, new!')).toBe('-qmp unix:$HOME/.qmp/Ann-s-De-bian-new.sock,server=on,wait=off')
  expect(plainName('..//')).toBe('machine')
})

it('launchers are known by their sockets', () => {
  const of = (path: string, env = {}) => launcherOfSocket({ kind: 'unix', path }, env)
  expect(of('/Users/a/.lima/default/qmp.sock')).toBe('Lima')
  expect(of('/Users/a/.colima/_lima/colima/qmp.sock')).toBe('Colima')
  expect(of('/Users/a/Library/Application Support/rancher-desktop/lima/0/qmp.sock')).toBe('Rancher Desktop')
  expect(of('/var/folders/x/T/podman/qmp_podman-machine-default.sock')).toBe('podman')
  expect(of('/Users/a/.minikube/machines/minikube/monitor')).toBe('minikube')
  expect(of('/Users/a/.local/share/kraftkit/runtime/1-2/qemu_control.sock')).toBe('KraftKit')
  expect(of('/opt/l/box/qmp.sock', { LIMA_HOME: '/opt/l' })).toBe('Lima')
  expect(of('/Users/a/.qmp/debian.sock')).toBeNull()
})

it('machines of other engines are told by process and by lima.yaml', () => {
  const process = { pid: 5, ppid: 1, user: null, cwd: null, startedAt: null }
  expect(
    otherEngineOf({ ...process, args: ['/opt/bin/vfkit', '--device', 'virtio-blk,path=/x/podman-m.raw'] }),
  ).toEqual({
    name: 'podman-m',
    engine: 'Apple Virtualization',
    launcher: 'podman',
    pid: 5,
  })
  expect(limaVmType('# vmType: qemu\nvmType: "vz" # fast\n')).toBe('vz')
  expect(limaVmType('cpus: 4\n')).toBeNull()
})
