/**
 * Does this QEMU answer every request for a snapshot with what was there at the instant? Before 8.0 (a4d5224c2cb6) only
 * requests of one cluster are answered right (docs/qmp.md, Fleecing). A bug shows in no schema, so this is the one thing
 * that is judged by version; a version that cannot be read counts as an old one.
 */
export function readsSnapshotsRight(version: string): boolean {
  const major = /^\s*(\d+)\./.exec(version)?.[1]
  return major !== undefined && Number(major) >= 8
}
