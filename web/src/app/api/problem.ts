/** What went wrong, as the service says it. */

import { W } from "../words";
import type { Problem } from "./types";

export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(inWords(problem));
  }
}

/** The problem of an answer that is no success, whatever its body holds. */
export function problemOf(status: number, body: string, retryAfter: string | null = null): ApiError {
  let found: Partial<Problem> = {};
  try {
    const read: unknown = JSON.parse(body);
    if (read !== null && typeof read === "object") found = read as Partial<Problem>;
  } catch {
    // Not from the service itself: something between answered.
  }
  const problem: Problem = { ...found, title: found.title ?? W.problem.status(status) };
  if (status === 429 && retryAfter !== null) problem.detail = W.problem.later(problem.detail ?? "", retryAfter);
  return new ApiError(problem, status);
}

/** A problem in a sentence or two. */
export function inWords(problem: Problem): string {
  const parts = [problem.title, problem.detail ?? "", ...details(problem.errors)];
  return parts
    .map((part) => part.trim())
    .filter((part, at, all) => part !== "" && all.indexOf(part) === at)
    .map((part) => (/[.!?]$/.test(part) ? part : `${part}.`))
    .join(" ");
}

/** Single errors of a validation: strings, or objects with the place and the message under the usual names. */
function details(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.map((each: unknown) => {
    if (typeof each === "string") return each;
    if (each === null || typeof each !== "object") return "";
    const { loc, field, pointer, msg, message, detail } = each as Record<string, unknown>;
    const place = [loc, field, pointer].find((value) => value !== undefined);
    const words = [msg, message, detail].find((value) => typeof value === "string");
    const where = Array.isArray(place) ? place.join(", ") : typeof place === "string" ? place : "";
    return [where, typeof words === "string" ? words : ""].filter(Boolean).join(": ");
  });
}

/** Any error in words. */
export function wordsOfError(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof TypeError) return W.problem.unreachable; // what fetch throws where nobody answers
  return error instanceof Error ? error.message : String(error);
}
