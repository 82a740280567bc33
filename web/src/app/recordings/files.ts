/** Which of the files that somebody drops belong together. */

/** As crossgate.media.transcripts reads them. */
export const TRANSCRIPTS = [".srt", ".vtt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".eaf", ".textgrid", ".rttm"];

interface Named {
  readonly name: string;
}

export interface Pair<F extends Named> {
  recording: F | null;
  transcript: F | null;
}

export function isTranscript(file: Named): boolean {
  return TRANSCRIPTS.some((ending) => file.name.toLowerCase().endsWith(ending));
}

/** The name without its ending. */
export function stem(name: string): string {
  return name.replace(/\.[^.]{1,8}$/, "");
}

/**
 * Recordings with their transcripts: those of one name belong together, and so do the last of each where only one is
 * left. `before` are pairs that were there already; they may get a transcript, or the recording they lacked.
 */
export function pairUp<F extends Named>(before: readonly Pair<F>[], files: readonly F[]): Pair<F>[] {
  const pairs = before.map((pair) => ({ ...pair }));
  for (const file of files) if (!isTranscript(file)) pairs.push({ recording: file, transcript: null });
  for (const file of files) if (isTranscript(file)) pairs.push({ recording: null, transcript: file });
  const found: Pair<F>[] = [];
  const alone = pairs.filter((pair) => pair.recording === null);
  for (const pair of pairs) {
    if (pair.recording === null) continue;
    const name = stem(pair.recording.name).toLowerCase();
    const at = alone.findIndex(({ transcript }) => transcript !== null && stem(transcript.name).toLowerCase() === name);
    if (pair.transcript === null && at >= 0) pair.transcript = alone.splice(at, 1)[0]?.transcript ?? null;
    found.push(pair);
  }
  const wordless = found.filter((pair) => pair.transcript === null);
  if (alone.length === 1 && wordless.length === 1 && wordless[0] !== undefined) {
    wordless[0].transcript = alone.pop()?.transcript ?? null;
  }
  return [...found, ...alone];
}
