// Test files that need what only Linux has: loop mounts, immutable files, /proc, Debian's packages for the test guest.
export const linuxOnlyTests = [
  'test/integration/guest-agent/real-guest.test.ts',
  'test/integration/linux-guest/**',
  'test/integration/instant/writing-guest.test.ts',
  'test/integration/main-job/linux-guest.test.ts',
  'test/integration/main-job/frozen.test.ts',
  'test/integration/main-job/guest-life.test.ts',
  'test/integration/main-job/two-disks.test.ts',
  'test/integration/export/**',
  'test/integration/repository/**',
  'test/integration/restore/failures.test.ts',
  'test/integration/restore/refusals.test.ts',
  'test/integration/restore/stuck.test.ts',
  'test/integration/backup/failures.test.ts',
  'test/unit/core/ports/linux-platform.test.ts',
]
