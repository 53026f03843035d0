/** Ends as a program does whose graphics driver crashes. */
console.log('about to compute')
process.kill(process.pid, 'SIGSEGV')
