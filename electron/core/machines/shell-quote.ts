/** An argument as a POSIX shell needs it to read back the same. */
export function shellQuote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}

export function commandText(args: readonly string[]): string {
  return args.map(shellQuote).join(' ')
}
