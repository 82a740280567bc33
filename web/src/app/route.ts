/** Which screen the address asks for: everything after `#`. */

import type { Listing } from "./api/client";

export type Route =
  | { screen: "recordings"; listing: Listing }
  | { screen: "recording"; id: string }
  | { screen: "compare"; one: string | null; other: string | null }
  | { screen: "live" };

export const NO_FILTER: Listing = { state: "", name: "", speaker: "", emotion: "" };

/** The screen of a hash; null where the hash is none of the page's, such as a link to a part of the screen. */
export function routeOf(hash: string): Route | null {
  if (hash === "" || hash === "#") return { screen: "recordings", listing: NO_FILTER };
  if (!hash.startsWith("#/")) return null;
  const [path = "", query = ""] = hash.slice(2).split("?", 2);
  const parts = path.split("/").map(decoded);
  const asked = new URLSearchParams(query);
  if (parts[0] === "live") return { screen: "live" };
  if (parts[0] === "compare") return { screen: "compare", one: parts[1] || null, other: parts[2] || null };
  if (parts[0] === "recordings" && parts[1]) return { screen: "recording", id: parts[1] };
  const listing = { ...NO_FILTER };
  for (const name of Object.keys(listing) as (keyof Listing)[]) listing[name] = asked.get(name) ?? "";
  return { screen: "recordings", listing };
}

/** The hash of a screen. */
export function hashOf(route: Route): string {
  switch (route.screen) {
    case "recordings": {
      const asked = Object.entries(route.listing).filter(([, value]) => value !== "");
      return asked.length === 0 ? "#/" : `#/?${new URLSearchParams(asked).toString()}`;
    }
    case "recording":
      return `#/recordings/${encodeURIComponent(route.id)}`;
    case "compare":
      return ["#/compare", ...[route.one, route.other].filter((id) => id !== null).map(encodeURIComponent)].join("/");
    case "live":
      return "#/live";
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
