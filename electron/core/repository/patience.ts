// A call into a hanging network share never returns, and each one occupies one of the few threads that Node reads files
// with. So nobody waits longer than this, and nobody asks again while the first question is still open.
const usual = 10_000

export class Patience {
  readonly #open = new Map<string, Promise<unknown>>()

  /** The result of `work`, or of `otherwise` after `longest` milliseconds, and at once while an earlier work of that name hangs. */
  async within<T>(name: string, work: () => Promise<T>, otherwise: () => T | Promise<T>, longest = usual): Promise<T> {
    if (this.#open.has(name)) return otherwise()
    const question = work()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), longest)
    })
    try {
      const first = await Promise.race([question.then((value) => ({ value })), late])
      if (first !== 'late') return first.value
    } finally {
      clearTimeout(timer)
    }
    const ended = () => this.#open.delete(name)
    this.#open.set(name, question)
    question.then(ended, ended)
    return otherwise()
  }
}
