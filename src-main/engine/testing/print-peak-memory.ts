/** Loaded before a program: prints the peak of its memory in bytes as its last line on standard error. */
process.on('exit', () => process.stderr.write(`\n${1024 * process.resourceUsage().maxRSS}\n`))
