/** Makes a folder a run: written once, before everything else. */
export const descriptionFile = 'run.json'
export const metricsFile = 'metrics.jsonl'
/** What happened, in sentences, one JSON object a line. */
export const logFile = 'log.jsonl'
/** Makes a run finished. */
export const resultFile = 'result.json'
export const checkpointsFolder = 'checkpoints'
/** Holds one empty file, whose name says who has the run open. */
export const lockFolder = 'lock'
/** The teacher cache. */
export const cacheFolder = 'cache'
/** The finished SpeLLM. */
export const spellmFolder = 'spellm'
