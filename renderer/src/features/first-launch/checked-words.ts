// What discovery looked at, in one sentence.
import type { Discovery } from '../../../../shared/ipc/contract.ts'

const launchers = [
  ['colima', 'Colima'],
  ['lima', 'Lima'],
  ['podman', 'podman'],
  ['utm', 'UTM'],
  ['quickemu', 'quickemu'],
  ['libvirt', 'libvirt'],
] as const

/** "Checked 3 processes and the Lima, Colima and podman folders." */
export function checkedWords(discovery: Discovery): string {
  const { processesChecked, foldersChecked } = discovery
  const processes = `${processesChecked} ${processesChecked === 1 ? 'process' : 'processes'}`
  if (foldersChecked.length === 0) return `Checked ${processes}.`
  const names = [...new Set(foldersChecked.map(launcherOf))]
  if (names.includes(null)) {
    return `Checked ${processes} and ${foldersChecked.length} ${foldersChecked.length === 1 ? 'folder' : 'folders'}.`
  }
  const list = new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(names.filter((name) => name !== null))
  return `Checked ${processes} and the ${list} ${names.length === 1 ? 'folder' : 'folders'}.`
}

function launcherOf(folder: string): string | null {
  const lower = folder.toLowerCase()
  return launchers.find(([part]) => lower.includes(part))?.[1] ?? null
}
