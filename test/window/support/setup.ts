// Takes rendered components down after each test; the project has no global test functions.
import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

afterEach(() => {
  cleanup()
  delete document.documentElement.dataset.theme
})
