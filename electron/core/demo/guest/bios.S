# The demo guest for x86 machines with a BIOS: no operating system, only this program.
#
# It counts. For every number it writes, in this order, each write finished before the next begins:
#   1. one 4 KiB data block whose bytes follow from (block, number),
#   2. one text record in a ring of 1024 sectors,
#   3. the state sector with the number,
# and then prints "FLOE <number in hex>" on COM1. Started again it goes on from the number on its disk.
# The layout and the arithmetic are the same as in uefi.c and ../disk-layout.ts, ../disk-content.ts.
# Between two numbers the processor halts (the BIOS clock ticks 18.2 times a second).

.set CONFIG_LBA, 16
.set STATE_LBA, 24
.set RING_LBA, 64
.set DATA_LBA, 4096
.set PROGRAM_SECTORS, 3

.set config, 0x8600             # "FLOECONF", blocks (32 bit), pause in ticks (32 bit), pause in 100 ns (32 bit)
.set blocks, config + 8
.set pause_ticks, config + 12
.set state, 0x8800              # "FLOEDEMO", counter (64 bit), CRC-32 of these 16 bytes
.set counter, state + 8
.set state_crc, state + 16
.set record, 0x8a00
.set body, 0x9000               # 4 KiB
.set drive, 0x7b00
.set block, 0x7b04
.set packet, 0x7b10             # disk address packet of int 13h, functions 42h and 43h

.code16
.globl _start
_start:
  ljmp $0, $begin
begin:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7a00, %sp
  sti
  cld
  movb %dl, drive
  movl $1, %ebx
  movw $PROGRAM_SECTORS, %ax
  movw $0x7e00, %di
  movb $0x42, %dh
  call transfer
  jmp main

# Moves %ax sectors between LBA %ebx and memory %di; %dh is 42h to read, 43h to write. Tries until it works:
# a disk that refuses a write is one tick away from the next try.
transfer:
  movl $0x00000010, packet
  movw %ax, packet + 2
  movw %di, packet + 4
  movw $0, packet + 6
  movl %ebx, packet + 8
  movl $0, packet + 12
again:
  movw $packet, %si
  movb %dh, %ah
  xorb %al, %al
  movb drive, %dl
  int $0x13
  jnc done
  movw $trouble, %si
  call print
  movw $1, %cx
  call wait_ticks
  jmp again
done:
  ret

# Waits until the BIOS clock changed %cx times.
wait_ticks:
  jcxz done
1: movw 0x46c, %ax
2: hlt
  cmpw 0x46c, %ax
  je 2b
  loop 1b
  ret

# Prints the zero-terminated text at %si on COM1.
print:
  lodsb
  testb %al, %al
  jz done
  call put
  jmp print

# Prints %al; gives up when nobody takes the character.
put:
  pushw %ax
  pushw %cx
  movw $0xffff, %cx
  movw $0x3fd, %dx
1: inb %dx, %al
  testb $0x20, %al
  loopz 1b
  popw %cx
  popw %ax
  movw $0x3f8, %dx
  outb %al, %dx
  ret

trouble: .asciz "FLOE disk refused, trying again\n"

.org 440
.org 510
.byte 0x55, 0xaa

main:
  movw $0x3fb, %dx                # 115200 baud, 8 bits, no parity, no interrupts
  movb $0x83, %al
  outb %al, %dx
  movw $0x3f8, %dx
  movw $1, %ax
  outw %ax, %dx
  movw $0x3fb, %dx
  movb $0x03, %al
  outb %al, %dx
  movl $CONFIG_LBA, %ebx
  movw $config, %di
  movb $0x42, %dh
  call one_sector
  movl $STATE_LBA, %ebx
  movw $state, %di
  movb $0x42, %dh
  call one_sector
  movw $state, %si                # a state that does not add up is left alone
  movw $16, %cx
  call crc32
  cmpl state_crc, %eax
  je next
  movw $damaged, %si
  call print
3: hlt
  jmp 3b

next:
  addl $1, counter
  adcl $0, counter + 4

  movl counter, %eax              # which block
  call mix
  xorl %edx, %edx
  divl blocks
  movl %edx, block

  movw $body, %di                 # its bytes
  movl counter, %eax
  stosl
  movl counter + 4, %eax
  stosl
  movl block, %eax
  stosl
  imull $0x9e3779b1, %eax, %eax
  xorl counter, %eax
  call mix
  stosl
  movw $1020, %cx
1: imull $1664525, %eax, %eax
  addl $1013904223, %eax
  stosl
  loop 1b
  movl block, %ebx
  shll $3, %ebx
  addl $DATA_LBA, %ebx
  movw $8, %ax
  movw $body, %di
  movb $0x43, %dh
  call transfer

  movw $record, %di               # the record
  movw $128, %cx
  movl $0x20202020, %eax
  rep stosl
  movb $10, record + 511
  movw $record, %di
  movw $title, %si
  movw $17, %cx
  rep movsb
  movl counter + 4, %eax
  call hex
  movl counter, %eax
  call hex
  movw $7, %cx
  rep movsb                       # " BLOCK "
  movl block, %eax
  call hex
  pushw %si
  movw $record, %si
  movw $48, %cx
  call crc32
  popw %si
  movw $5, %cx
  rep movsb                       # " CRC "
  call hex
  movl counter, %ebx
  andl $1023, %ebx
  addl $RING_LBA, %ebx
  movw $record, %di
  movb $0x43, %dh
  call one_sector

  movw $state, %si                # the state
  movw $16, %cx
  call crc32
  movl %eax, state_crc
  movl $STATE_LBA, %ebx
  movw $state, %di
  movb $0x43, %dh
  call one_sector

  movw $record, %di               # tell
  movw $title, %si
  movw $5, %cx
  rep movsb                       # "FLOE "
  movl counter + 4, %eax
  call hex
  movl counter, %eax
  call hex
  movw $10, (%di)
  movw $record, %si
  call print
  movw pause_ticks, %cx
  call wait_ticks
  jmp next

one_sector:
  movw $1, %ax
  jmp transfer

# %eax: a number -> a number that looks like chance. Spoils %ecx.
mix:
  imull $0x9e3779b1, %eax, %eax
  movl %eax, %ecx
  shrl $15, %ecx
  xorl %ecx, %eax
  imull $0x85ebca6b, %eax, %eax
  movl %eax, %ecx
  shrl $13, %ecx
  xorl %ecx, %eax
  ret

# CRC-32 (IEEE 802.3) of %cx bytes at %si, in %eax.
crc32:
  movl $-1, %eax
1: xorb (%si), %al
  incw %si
  movb $8, %dl
2: shrl %eax
  jnc 3f
  xorl $0xedb88320, %eax
3: decb %dl
  jnz 2b
  loop 1b
  notl %eax
  ret

# %eax as eight hexadecimal digits to %di, which moves on.
hex:
  movw $8, %cx
1: roll $4, %eax
  pushw %ax
  andb $15, %al
  cmpb $10, %al
  sbbb $0x69, %al
  das
  stosb
  popw %ax
  loop 1b
  ret

title: .ascii "FLOE DEMO RECORD "
between: .ascii " BLOCK "
sum: .ascii " CRC "
damaged: .asciz "FLOE disk is damaged\n"

.org 2048
