// Takes rendered components down after each test; the project has no global test functions.
import { cleanup } from '@testing-library/react'
import { afterEach, beforeEach } from 'vitest'

/** A window as wide as it is at first; happy-dom starts with 1024 px. */
export function setWindowWidth(width: number): void {
  const { happyDOM } = window as unknown as { readonly happyDOM: { setViewport(size: { width: number }): void } }
  happyDOM.setViewport({ width })
}

beforeEach(() => setWindowWidth(1280))

afterEach(() => {
  cleanup()
  delete document.documentElement.dataset.theme
})
