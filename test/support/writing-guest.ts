import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { startQemu, type TestQemu } from './qemu.ts'
import type { TempDir } from './temp.ts'

/** A machine whose guest writes 4 KiB into every 64 KiB of its second disk, ever again. */
export interface WritingGuest extends AsyncDisposable {
  readonly qemu: TestQemu
  /** A dot for each write that the guest was told is done, an E for each failed one. */
  written(): string
}

/**
 * 16-bit code over the BIOS. Node name and device id of the disk are `data` and `vdb`.
 * @param options `sectors`: how far it writes before it begins anew; `pauseMs` between two writes
 */
export async function startWritingGuest(
  dir: TempDir,
  diskPath: string,
  options: {
    readonly sectors?: number
    readonly pauseMs?: number
    readonly format?: 'qcow2' | 'raw'
    /** Arguments before the disks' own. */
    readonly args?: readonly string[]
    /** Puts something between the image's format and its file. */
    readonly file?: (file: object) => object
  } = {},
): Promise<WritingGuest> {
  const { sectors = 520_000, pauseMs = 4, format = 'qcow2' } = options
  const serial = dir.file('serial')
  const boot = {
    driver: 'raw',
    'node-name': 'boot',
    file: { driver: 'file', filename: program(dir, sectors, pauseMs) },
  }
  const file = { driver: 'file', filename: diskPath }
  const data = { driver: format, 'node-name': 'data', file: options.file?.(file) ?? file }
  const qemu = await startQemu({
    run: true,
    machine: 'pc,accel=tcg',
    args: [
      ...(options.args ?? []),
      ...['-blockdev', JSON.stringify(boot), '-device', 'ide-hd,drive=boot,id=boot,bootindex=1'],
      ...['-blockdev', JSON.stringify(data), '-device', 'virtio-blk-pci,drive=data,id=vdb,bootindex=2'],
      ...['-serial', `file:${serial}`],
    ],
  })
  return {
    qemu,
    written: () => (existsSync(serial) ? readFileSync(serial, 'latin1').replace(/[^.E]/g, '') : ''),
    [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose](),
  }
}

function program(dir: TempDir, sectors: number, pauseMs: number): string {
  const source = dir.file('guest.s')
  const microseconds = pauseMs * 1000
  writeFileSync(
    source,
    `.code16
.globl _start
_start: ljmp $0,$1f
1: xorw %ax,%ax
  movw %ax,%ds
  movw %ax,%ss
  movw $0x7c00,%sp
again: movl $0, blocks+8
next: movw $blocks,%si
  movw $0x4300,%ax
  movb $0x81,%dl
  int $0x13
  movb $'.',%al
  jnc tell
  movb $'E',%al
tell: movw $0x3f8,%dx
  outb %al,%dx
  movw $${microseconds >> 16},%cx
  movw $${microseconds & 0xffff},%dx
  movb $0x86,%ah
  int $0x15
  addl $128, blocks+8
  cmpl $${sectors}, blocks+8
  jb next
  jmp again
.align 4
blocks: .byte 0x10,0
  .word 8, 0x9000, 0
  .long 0, 0
.org 510
.word 0xaa55
`,
  )
  const [object, sector] = [dir.file('guest.o'), dir.file('guest.bin')]
  execFileSync('as', ['--32', '-o', object, source])
  execFileSync('ld', ['-m', 'elf_i386', '-Ttext', '0x7c00', '--oformat', 'binary', '-o', sector, object])
  return sector
}
