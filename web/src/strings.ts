/** Every word the page says, in one place. */

import { clock, percent } from "./format";

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const S = {
  title: (name: string): string => `${name} · expressed emotions`,
  empty: "This page holds no result. crossgate writes one into it: crossgate analyze RECORDING --out FOLDER",
  noTurns: "Nobody speaks in this recording, so there is nothing to show.",
  honest:
    "What the model reads off words, voice and face is expressed emotion, as people who watch would name it. It does not show what anyone feels or thinks.",
  turns: (n: number): string => count(n, "turn", "turns"),
  speakers: (n: number): string => count(n, "speaker", "speakers"),
  abstentions: (n: number): string => `${count(n, "abstention", "abstentions")}`,
  kinds: { video: "video", audio: "audio", text: "text" } as Record<string, string>,
  model: (name: string, version: string): string => `model ${name}, crossgate ${version}`,
  policy: (name: string): string => `Usage policy: ${name}. `,
  policies: {
    "eu-work-education":
      "Text alone was read. Voices and faces were not used to recognise emotions, as the EU AI Act asks for at work and in education.",
  } as Record<string, string>,
  skip: "Skip to the transcript",
  dark: "Dark",
  light: "Light",
  theme: (name: string): string => `${name} colours`,
  print: "Print",
  player: {
    heading: "Recording",
    label: (name: string): string => `Recording ${name}`,
    missing: (name: string): string =>
      `${name} cannot be played here: it is not where this report expects it, or this browser does not read its format. Everything else on this page works without it.`,
    follow: "Follow playback",
  },
  timeline: {
    heading: "Over time",
    byTurn: "Over the turns",
    label: "Turns on the timeline",
    help: "Arrow keys go from turn to turn, Enter plays, Space pauses, + and − zoom, 0 shows all. Ctrl with the wheel zooms, dragging moves.",
    helpSilent:
      "Arrow keys go from turn to turn, + and − zoom, 0 shows all. Ctrl with the wheel zooms, dragging moves.",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    all: "Show all",
    overview: "Whole recording; click or drag to move the part shown above",
    distribution: "Probabilities",
    areas: "Areas",
    curves: "Curves",
    drawing: "Draw probabilities as",
    legend: "Emotions shown in the probabilities",
    abstained: "abstains",
    absent: "not measured",
    turnNumber: "turn",
  },
  modality: { text: "text", audio: "audio", visual: "visual" } as Record<string, string>,
  share: (name: string): string => `share: ${name}`,
  view: (name: string): string => {
    const words: Record<string, string> = { t: "text", a: "audio", v: "visual" };
    return [...name].map((letter) => words[letter] ?? letter).join(" + ");
  },
  turnWords: (number: number, of: number, speaker: string, at: string, emotion: string): string =>
    `Turn ${number} of ${of}, ${speaker}${at}, ${emotion}`,
  at: (start: number, end: number): string => `, ${clock(start)} to ${clock(end)}`,
  notMeasured: "not measured",
  reading: (emotion: string, confidence: number, abstained: boolean): string =>
    emotion === S.notMeasured
      ? emotion
      : abstained
        ? `abstains; likeliest ${emotion} ${percent(confidence)}`
        : `${emotion} ${percent(confidence)}`,
  person: (emotion: string): string => `a person: ${emotion}`,
  noText: "(no text)",
  detail: {
    heading: "Selected turn",
    none: "Choose a turn in the timeline or the transcript to see its figures.",
    play: "Play turn",
    previous: "Previous",
    next: "Next",
    probabilities: "Probabilities",
    modalities: "What each modality gave",
    views: "What each combination says alone",
    viewsHelp:
      "Probabilities in percent; the likeliest of each row is in bold. Only combinations whose modalities were all present.",
    absent: "absent",
    abstains: (threshold: number): string => `abstains (below ${percent(threshold)})`,
    words: "What was said",
  },
  transcript: {
    heading: "Transcript",
    search: "Search words",
    speaker: "Speaker",
    anyone: "anyone",
    emotion: "Emotion",
    any: "any",
    confidence: "Confidence at least",
    abstained: "Abstained",
    abstainedAny: "with",
    abstainedOnly: "only",
    abstainedNone: "without",
    clear: "Clear",
    found: (n: number, of: number): string => (n === of ? `${S.turns(of)}` : `${n} of ${S.turns(of)}`),
    none: "No turn fits. Loosen the search.",
    play: (number: number): string => `Play turn ${number}`,
    show: (number: number): string => `Show turn ${number}`,
    abstains: "abstains",
    list: "Turns in the order of speaking",
  },
  summary: {
    heading: "Summary",
    only: "Figures of one speaker alone: ",
    headings: {
      overview: "The recording as a whole",
      speakers: "Expressed emotions of each speaker",
      thirds: "Shares in each third",
      negative: "Negative emotions together",
      shifts: "Shifts from turn to turn",
      turning_points: "Turning points",
      moments: "Moments worth a second look",
      reactions: "Reactions",
      last_states: "Last turns",
    } as Record<string, string>,
    help: {
      speakers: "Mean probability over the speaker's turns. The line is the 95\u00a0% interval, the dot the estimate.",
      turning_points: "From these turns on a speaker expresses other emotions than before. The place is an estimate.",
      moments: "Places to look, no findings. Click a time to go there.",
      reactions:
        "After a turn of the first speaker (rows), what the second expresses (columns), in percent of each row. n is the expected number of pairs; pale rows rest on fewer than five.",
    } as Record<string, string>,
    basis: (turns: number, abstained: number, few: boolean): string =>
      [S.turns(turns), abstained > 0 ? `${abstained} abstained` : "", few ? "too few to compare" : ""]
        .filter(Boolean)
        .join(" · "),
    range: (low: number, high: number): string => `${Math.round(low * 100)}–${Math.round(high * 100)}`,
    modality: (name: string, present: number, share: number): string =>
      `${name} present in ${percent(present)} of the turns, mean share ${percent(share)}`,
    turnsRow: "turns",
    third: (number: number, start: number | null, end: number | null): string =>
      start === null || end === null
        ? (["first", "middle", "last"][number - 1] ?? String(number))
        : `${clock(start)} – ${clock(end)}`,
    showThirds: "Show the shares in each third",
    showLast: "Show what each speaker's last turn expresses",
    shifts: (found: number, compared: number): string =>
      `${count(found, "shift", "shifts")} among ${count(compared, "pair", "pairs")} of a speaker's successive turns`,
    after: (speaker: string): string => `after ${speaker}`,
    turningPoint: (before: number, after: number, p: number | undefined): string =>
      `${S.turns(before)} before, ${after} after${p === undefined ? "" : `; p = ${p.toFixed(3)}`}`,
    noTurningPoints: "None beyond chance.",
    noMoments: "None.",
    noReactions: "Nobody answers anybody.",
    goTo: (speaker: string): string => `Go to this turn of ${speaker}`,
    more: (n: number): string => `${n} more, with fewer pairs`,
    reaction: (first: string, then: string, pairs: number): string =>
      `${first} → ${then}: ${count(pairs, "pair", "pairs")}`,
    expectedPairs: "expected number of pairs that begin so",
    tooFewPairs: "Fewer than five pairs: an example, no pattern.",
    cell: (from: string, to: string, pairs: number | undefined, lift: number | null): string =>
      [
        `${from} → ${to}`,
        pairs === undefined ? "" : `${pairs.toFixed(1)} pairs`,
        lift === null ? "" : `${lift.toFixed(2)} times what chance would give`,
      ]
        .filter(Boolean)
        .join(" · "),
  },
  notes: {
    heading: "About this report",
    warnings: "Warnings",
    noWarnings: "None.",
    settings: "How it was made",
    method: "Method",
    reading: "How to read this page",
    media: "Recording",
    model: "Model",
    causal: "reads each turn with those before it alone",
    whole: "reads each turn with the whole conversation in view",
    threshold: (value: number): string => `abstains below ${percent(value)} confidence`,
    temperature: (value: number): string => `temperature ${value.toFixed(2)}`,
  },
  methodLines: [
    "Every utterance is read from its words, the sound of the voice and the face of its speaker, as far as each was measured. A modality that is absent gives nothing; no value is made up for it.",
    "The model mixes seven views: each modality alone, each pair, and all three. The share of a modality is its part of that mixture; the shares of a turn add up to 100\u00a0%.",
    "Confidence is the probability of the likeliest emotion, calibrated on held-out conversations: of turns at 70\u00a0%, about seven in ten should be right on speech like that of the training corpus. On other speech it may be less.",
    "Below the threshold the model abstains. The likeliest emotion is still shown, hatched, and should not be counted on.",
  ],
  readingLines: [
    "A block is a turn, in the lane of its speaker. Colour and letters both name the emotion; hatching means that the model abstains.",
    "The probabilities below the lanes show how sure each reading is, and what else it might be.",
    "The bars at the bottom show how much words, voice and face gave to each turn; dots where one was not measured. The selected turn tells why.",
    "Click a turn to play it. Filters in the transcript dim all other turns in the timeline as well.",
    "Percentages and intervals of the summary describe this recording, not the person.",
  ],
};
