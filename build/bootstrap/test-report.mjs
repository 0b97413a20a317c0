// Reads what the test runners wrote and adds it up.
import { existsSync, readFileSync } from 'node:fs'

/** @typedef {{ name: string, passed: number, failed: number, skipped: number, note?: string }} Count */

/** @param {string} name @param {string} path @param {number} status @returns {Count} */
export function vitestCount(name, path, status) {
  if (!existsSync(path)) return { name, passed: 0, failed: 1, skipped: 0, note: 'the runner left no report' }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  const failed = report.numFailedTests + report.testResults.filter(failedToLoad).length
  return {
    name,
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** A test file that broke before its tests ran counts as one failure. @param {{ status: string, assertionResults: unknown[] }} file */
const failedToLoad = (file) => file.status === 'failed' && file.assertionResults.length === 0

/** @param {string} name @param {string} path @param {number} status @returns {Count} */
export function playwrightCount(name, path, status) {
  if (!existsSync(path)) return { name, passed: 0, failed: 1, skipped: 0, note: 'the runner left no report' }
  const { stats, errors } = JSON.parse(readFileSync(path, 'utf8'))
  const failed = stats.unexpected + stats.flaky + errors.length
  return { name, passed: stats.expected, failed: failed === 0 && status !== 0 ? 1 : failed, skipped: stats.skipped }
}

/** @param {readonly Count[]} counts */
export function total(counts) {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const count of counts) {
    sum.passed += count.passed
    sum.failed += count.failed
    sum.skipped += count.skipped
  }
  return sum
}
