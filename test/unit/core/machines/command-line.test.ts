import { expect, it } from 'vitest'
import { endpointText, parseEndpoint } from '../../../../electron/core/machines/command-line/endpoints.ts'
import { readCommandLine } from '../../../../electron/core/machines/command-line/qemu-command-line.ts'

const read = (...args: string[]) => readCommandLine(['/usr/bin/qemu-system-x86_64', ...args], '/vms')
const unix = (path: string) => ({ kind: 'unix', path })
const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port })
const quorum = '{"driver":"raw","node-name":"v","file":{"driver":"file","filename":"v.fd"}}'

const monitors: readonly [string, string[], object[]][] = [
  ['-qmp unix', ['-qmp', 'unix:/q,server=on,wait=off'], [unix('/q')]],
  ['old flags', ['-qmp', 'unix:/q,server,nowait'], [unix('/q')]],
  ['escaped comma', ['-qmp', 'unix:/a,,b,server=on'], [unix('/a,b')]],
  ['relative', ['-qmp', 'unix:run/q,server=on'], [unix('/vms/run/q')]],
  ['double dash', ['--qmp-pretty', 'unix:/q,server=yes'], [unix('/q')]],
  ['tcp', ['-qmp', 'tcp:localhost:4444,server=on,wait=off'], [tcp('localhost', 4444)]],
  ['tcp anywhere', ['-qmp', 'tcp:0.0.0.0:4444,server,nowait'], [tcp('127.0.0.1', 4444)]],
  ['tcp IPv6', ['-qmp', 'tcp:[::1]:4444,server=on'], [tcp('::1', 4444)]],
  ['QEMU as client', ['-qmp', 'unix:/q'], []],
  ['stdio', ['-qmp', 'stdio'], []],
  ['none', ['-qmp', 'none'], []],
  ['-mon', ['-chardev', 'socket,id=m,path=/q,server=on', '-mon', 'chardev=m,mode=control'], [unix('/q')]],
  ['-mon, implied', ['-mon', 'm,mode=control,pretty=on', '-chardev', 'socket,path=q,server,id=m'], [unix('/vms/q')]],
  ['-mon tcp', ['-chardev', 'socket,id=m,host=,port=1,server=on', '-mon', 'm,mode=control'], [tcp('127.0.0.1', 1)]],
  ['-mon for people', ['-chardev', 'socket,id=m,path=/q,server=on', '-mon', 'm'], []],
  ['inherited descriptor', ['-chardev', 'socket,id=m,fd=3,server=on', '-mon', 'm,mode=control'], []],
  ['-qmp chardev', ['-chardev', 'socket,id=m,path=/q,server=on', '-qmp', 'chardev:m'], [unix('/q')]],
  ['-object', ['-chardev', 'socket,id=m,path=/q,server=on', '-object', 'monitor-qmp,id=x,chardev=m'], [unix('/q')]],
  [
    '-object JSON',
    [
      ...['-chardev', '{"id":"m","backend":{"type":"socket","data":{"addr":{"type":"unix","data":{"path":"/q"}}}}}'],
      ...['-object', '{"qom-type":"monitor-qmp","id":"x","chardev":"m"}'],
    ],
    [unix('/q')],
  ],
  ['two', ['-qmp', 'unix:/a,server=on', '-qmp', 'unix:/b,server=on'], [unix('/a'), unix('/b')]],
  ['not a value', ['-S', '-nographic', '-qmp', 'unix:/a,server=on', '-name', '-qmp'], [unix('/a')]],
]
for (const [what, args, expected] of monitors) {
  it(`monitors by ${what}`, () => expect(read(...args).qmp).toEqual(expected))
}

it('a human monitor is told from QMP', () => {
  expect(read('-monitor', 'unix:/m,server=on,wait=off')).toMatchObject({ hmp: true, qmp: [] })
  expect(read('-monitor', 'stdio')).toMatchObject({ hmp: false })
  expect(read('-chardev', 'socket,id=m,fd=3,server=on', '-mon', 'm,mode=control').unreachableQmp).toBe(true)
})

it('name, uuid, pid file, accelerator and agent are read', () => {
  const line = read(
    ...['-name', 'guest=A,, B,debug-threads=on', '-uuid', 'AAAAAAAA-0000-0000-0000-00000000000A', '-pidfile', 'p.pid'],
    ...['-machine', 'q35,accel=hvf:tcg', '-chardev', 'socket,id=ga,path=ga.sock,server=on,wait=off'],
    ...['-device', 'virtserialport,chardev=ga,name=org.qemu.guest_agent.0'],
  )
  expect(line).toMatchObject({
    name: 'A, B',
    uuid: 'aaaaaaaa-0000-0000-0000-00000000000a',
    pidFile: '/vms/p.pid',
    accelerator: 'hvf',
    agent: '/vms/ga.sock',
  })
  expect(read('-name', 'plain').name).toBe('plain')
  expect(read('-enable-kvm').accelerator).toBe('kvm')
  expect(read('-accel', 'kvm,dirty-ring-size=4').accelerator).toBe('kvm')
  expect(read().accelerator).toBe('tcg')
  expect(read('-uuid', '00000000-0000-0000-0000-000000000000').uuid).toBeNull()
})

it('images are read from every form, absolute, with what is read-only or firmware', () => {
  const line = read(
    ...['-drive', 'file=a,,b.qcow2,if=virtio', '-drive', 'if=pflash,format=raw,readonly=on,file=/code.fd'],
    ...['-drive', 'file=/seed.iso,media=cdrom', '-hda', 'h.img', '-drive', 'file=nbd://x/y'],
    ...['-drive', 'file=json:{"driver":"qcow2",,"file":{"driver":"file",,"filename":"/j.qcow2"}}'],
    ...['-machine', 'q35,pflash1=v', '-blockdev', quorum],
    ...['-blockdev', 'driver=qcow2,node-name=d,file.driver=file,file.filename=/d.qcow2,read-only=on', 'bare disk.img'],
  )
  const image = (path: string, readOnly = false, firmware = false) => ({ path, readOnly, firmware })
  expect(line.images).toEqual([
    image('/vms/a,b.qcow2'),
    image('/code.fd', true, true),
    image('/seed.iso', true),
    image('/vms/h.img'),
    image('/j.qcow2'),
    image('/vms/v.fd', false, true),
    image('/d.qcow2', true),
    image('/vms/bare disk.img'),
  ])
})

it('what a person types is a path or HOST:PORT, and nothing else', () => {
  expect(parseEndpoint('/a b/q')).toEqual(unix('/a b/q'))
  expect(parseEndpoint('[::1]:99')).toEqual(tcp('::1', 99))
  for (const text of ['127.0.0.1:4444', '[::1]:99', '/q']) {
    const endpoint = parseEndpoint(text)
    expect(endpoint && endpointText(endpoint)).toBe(text)
  }
  for (const text of ['', 'q.sock', 'host', 'host:0', 'host:70000', 'host:x']) expect(parseEndpoint(text)).toBeNull()
})
