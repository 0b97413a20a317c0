import type { Manifest, ManifestDisk } from './manifest.ts'
import { safeDiskId } from './names.ts'

/** One word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** `RESTORE.txt`: how to get the disks back with QEMU's own tool, for the day when Floe is not at hand. */
export function restoreText(manifest: Manifest): string {
  const steps = manifest.disks.flatMap((disk) => {
    const target = targetOf(disk)
    return [
      `# Disk ${JSON.stringify(disk.id)}${disk.sourcePath ? `, which was ${JSON.stringify(disk.sourcePath)}` : ''}`,
      ...(disk.backing === null ? [] : [`qemu-img info --backing-chain -f qcow2 ./${disk.file}`]),
      `qemu-img check -f qcow2 ./${disk.file}`,
      `qemu-img convert -p -f qcow2 -O ${formatOf(disk)} ./${disk.file} ${target}`,
      '',
    ]
  })
  return `${[
    'Restoring without Floe',
    '======================',
    '',
    `Machine:     ${JSON.stringify(manifest.machine.name)}`,
    `Taken at:    ${manifest.createdAt}`,
    `Consistency: ${worthOf(manifest)}`,
    '',
    'This folder is a restore point: every disk of the machine at one instant.',
    ...wholeness(manifest),
    '',
    '1. Shut the machine down. Never replace images of a running machine.',
    '2. Open a terminal in this folder and run the steps below. They write new files and change nothing here.',
    '   Free space is needed for each new file.',
    "3. Replace the machine's images by the new files (mv), or start the machine with the new files.",
    '',
    '--- steps ---',
    ...steps,
    '--- end of steps ---',
    ...(manifest.startCommand ? ['', 'The machine was started with:', '', manifest.startCommand] : []),
  ].join('\n')}\n`
}

/** Where the bytes are: in this folder alone, or in earlier ones too. */
function wholeness(manifest: Manifest): string[] {
  const below = new Set(manifest.disks.flatMap(({ backing }) => (backing === null ? [] : [backing.pointId])))
  if (below.size === 0) return ['Each .qcow2 file is a complete disk image of its own.']
  const [first] = manifest.disks.filter(({ backing }) => backing !== null)
  return [
    'It needs earlier restore points: its .qcow2 files hold only what was written since, and lie over the images in the',
    `folders beside this one whose names end with ${[...below].map((id) => `-${id}`).join(', ')}. Those may lie over still`,
    'earlier ones. This command lists every file that is needed:',
    '',
    `  qemu-img info --backing-chain -f qcow2 ./${first?.file}`,
    '',
    'Keep all those folders beside each other, also when you copy them to another drive. The steps below put the files',
    'together: what they write stands alone.',
  ]
}

/** What to expect of the guest's first start. */
function worthOf({ consistency, consistencyReason, freeze }: Manifest): string {
  if (freeze) return `frozen for ${Math.round(freeze.heldMs)} ms: ${cleanWords(freeze)}`
  if (consistency === 'offline') return 'offline: the machine was off'
  return `${consistency}: like after a power cut${consistencyReason ? ` (${consistencyReason})` : ''}`
}

function cleanWords({ partial, fileSystems }: NonNullable<Manifest['freeze']>): string {
  if (partial !== true) return "the guest's file systems are clean"
  const names = fileSystems.map(({ mountpoint }) => mountpoint).join(', ')
  return `${names || "some of the guest's file systems"} clean, the others like after a power cut`
}

function formatOf(disk: ManifestDisk): string {
  return disk.sourceFormat && /^[a-z0-9]+$/.test(disk.sourceFormat) ? disk.sourceFormat : 'qcow2'
}

function targetOf(disk: ManifestDisk): string {
  if (disk.sourcePath) return shellWord(`${disk.sourcePath}.restored`)
  return `"$HOME"/${shellWord(`restored-${safeDiskId(disk.id)}.${formatOf(disk)}`)}`
}
