#!/bin/sh
# Builds programs.ts from bios.S and uefi.c. Only needed after changing one of them.
# Debian: apt-get install gcc gcc-aarch64-linux-gnu   (the script names each tool so that others can be set)
set -eu
cd "$(dirname "$0")"
X86=${X86:-} ARM=${ARM:-aarch64-linux-gnu-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${X86}as" --32 -o "$work/bios.o" bios.S
"${X86}ld" -m elf_i386 -Ttext 0x7c00 -e _start -o "$work/bios.elf" "$work/bios.o"
"${X86}objcopy" -O binary -j .text "$work/bios.elf" "$work/bios.bin"

uefi() { # prefix, architecture, further flags
  "${1}gcc" -Os -ffreestanding -fpie -fno-stack-protector -fno-asynchronous-unwind-tables -fvisibility=hidden \
    -fno-tree-loop-distribute-patterns -Wall -Wextra $3 -c -o "$work/$2.o" uefi.c
  "${1}ld" -static -nostdlib --no-dynamic-linker -T uefi.ld -e start -o "$work/$2.elf" "$work/$2.o"
  "${1}objcopy" -O binary -j .text "$work/$2.elf" "$work/$2.bin"
}
uefi "$ARM" aarch64 "-mgeneral-regs-only -mstrict-align -mno-outline-atomics"
uefi "$X86" x86_64 "-m64 -mno-red-zone -mno-sse -fcf-protection=none"

base64of() { base64 -w 0 "$1" 2>/dev/null || base64 -i "$1"; }
{
  echo "// Machine code of the demo guest in base64, made from bios.S and uefi.c by regenerate.sh. Not for editing."
  echo "export const biosProgram ="
  echo "  '$(base64of "$work/bios.bin")'"
  for architecture in aarch64 x86_64; do
    echo
    echo "/** The code section of the UEFI program for $architecture; its entry is the first byte. */"
    echo "export const uefiProgram$(echo $architecture | sed 's/aarch64/Arm/; s/x86_64/X86/') ="
    echo "  '$(base64of "$work/$architecture.bin")'"
  done
} > programs.ts
ls -l "$work"/*.bin | awk '{ print $5, $NF }'
